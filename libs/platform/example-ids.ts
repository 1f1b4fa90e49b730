/** The ids in the examples of the API's document. The demo data has an entity under each, so the examples agree. */
export const EXAMPLE_IDS = {
  organization: '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4',
  agent: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5',
  token: '01980f5d-02c4-7d61-a1b7-4e5f60718293',
  tag: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
  /** An HTTP request, not an entity. */
  request: '01980f60-2b1a-7d10-8a53-6f0c9d1e2b3c',
  subscription: '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70',
  /** Also a delivery's, whose id is that of its event. */
  event: '01980f62-0c1d-7f24-9e6f-3c4d5e6f7081',
  contactAttribute: '01980f6a-5c1d-7a10-9b2c-3d4e5f607182',
  contactText: '01980f6a-5c1d-7a10-9b2c-3d4e5f607183',
  contactDate: '01980f6a-5c1d-7a10-9b2c-3d4e5f607184',
  option: '01980f6a-7e2f-7b31-8c4d-5e6f70819203',
  conversationAttribute: '01980f6b-1d2e-7f30-8a41-526374859607',
  conversationText: '01980f6b-1d2e-7f30-8a41-526374859608',
  team: '01980f6e-4d5e-7f60-9182-a3b4c5d6e7f8',
  contactEndpoint: '01980f6f-2c3d-7e4f-8a5b-6c7d8e9f0a1b',
  endUser: '01980f70-1a2b-7c3d-8e4f-506172839405',
  otherEndUser: '01980f70-1a2b-7c3d-8e4f-506172839406',
  queue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90',
  otherQueue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f91',
  widget: '01980f71-6e4d-7b53-9a1f-5c6d7e8f9012',
  recovery: '01980f72-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  anonymizationRequest: '01980f72-7f5e-7c64-8b20-6d7e8f901234',
  note: '01980f75-6f70-7182-9304-152637485960',
  message: '01980f76-0a1b-7c2d-8e3f-405162738495',
  flow: '01980f77-1b2c-7d3e-8f40-516273849506',
  rating: '01980f78-2c3d-7e4f-8051-627384950617',
  /** The number of an open conversation, which waits in the queue. */
  conversation: 1042,
  /** The number of a closed conversation. */
  closedConversation: 1041,
} as const;

/** The examples of path parameters that are ids. */
const OF_PARAMETERS: Record<string, string> = {
  agentId: EXAMPLE_IDS.agent,
  customAttributeId: EXAMPLE_IDS.contactAttribute,
  deliveryId: EXAMPLE_IDS.event,
  messageId: EXAMPLE_IDS.message,
  queueId: EXAMPLE_IDS.queue,
  ratingId: EXAMPLE_IDS.rating,
  recoveryId: EXAMPLE_IDS.recovery,
  requestId: EXAMPLE_IDS.anonymizationRequest,
  tagId: EXAMPLE_IDS.tag,
  teamId: EXAMPLE_IDS.team,
  tokenId: EXAMPLE_IDS.token,
  userId: EXAMPLE_IDS.endUser,
  webhookSubscriptionId: EXAMPLE_IDS.subscription,
};

/** Returns the example of a path parameter. @throws {Error} when the list above lacks it */
export function exampleOfParameter(name: string): string {
  const example = OF_PARAMETERS[name];
  if (example === undefined) throw new Error(`The path parameter ${name} has no example`);
  return example;
}
