import { type ApiClient } from './api-client.js';
import { createSupportTeam, emailFrom, inbound } from './support-team.js';

/** A request that changes or reads the entity. */
export interface Prepared {
  /** The entity's path, relative to `/v1`. */
  path: string;
  /** The rest of the request's path, after the entity's. */
  rest?: string;
  body?: unknown;
}

type Prepare = (api: ApiClient) => Promise<Prepared>;

const tag: Prepare = async (api) => ({ path: `/tags/${await api.createTag('VIP')}` });
const team: Prepare = async (api) => ({ path: `/teams/${await api.createTeam('Support')}` });
const queue: Prepare = async (api) => ({ path: `/queues/${await api.createQueue()}` });
const agent: Prepare = async (api) => ({ path: `/agents/${(await api.createAgent()).id}` });
const endUser: Prepare = async (api) => {
  const { id } = await api.create('/v1/endusers', { displayName: 'Alice' });
  return { path: `/endusers/${id}` };
};
const webhook: Prepare = async (api) => ({ path: `/webhooks/${(await api.subscribe('http://127.0.0.1:9', [])).id}` });
const recovery: Prepare = async (api) => {
  const { path } = await webhook(api);
  const { id } = await api.create(`/v1${path}/recover`, { since: new Date(Date.now() - 60_000).toISOString() });
  return { path: `${path}/recoveries/${id}` };
};
const anonymization: Prepare = async (api) => {
  const { path } = await endUser(api);
  const { id } = (await api.patch(`/v1${path}/anonymize`)).body.data;
  return { path: `/anonymization/request/${id}` };
};
const customAttribute: Prepare = async (api) => ({
  path: `/custom-attributes/${await createAttribute(api, 'Contact')}`,
});
const contactEndpoint: Prepare = async (api) => {
  const { address } = await api.create('/v1/contact-endpoints', {
    _type: 'EmailEndpoint',
    address: 'support@acme.example',
  });
  return { path: `/contact-endpoints/${address}` };
};
const conversation: Prepare = async (api) => (await withTeam(api)).conversation;

/** Returns `prepare`, followed by this request on the entity. */
const then =
  (prepare: Prepare, rest?: string, body?: unknown): Prepare =>
  async (api) => ({ ...(await prepare(api)), rest, body });

async function createAttribute(api: ApiClient, entityType: string): Promise<string> {
  const inputDefinition = { _type: 'Text' };
  const attribute = { entityType, identifier: 'tier', label: 'Tier', inputDefinition };
  return (await api.create('/v1/custom-attributes', attribute)).id;
}

async function withTeam(api: ApiClient) {
  const supportTeam = await createSupportTeam(api);
  const { id } = await api.create('/v1/conversations', emailFrom(supportTeam.userId));
  return { ...supportTeam, conversation: { path: `/conversations/${id}` } };
}

/** Returns a request that sets the only attribute of this kind of entity. */
const valued =
  (entityType: string, prepare: Prepare): Prepare =>
  async (api) => {
    const prepared = await prepare(api);
    return { ...prepared, rest: '/custom-attributes', body: { [await createAttribute(api, entityType)]: 'gold' } };
  };

const member =
  (prepare: Prepare, rest: string, joined: boolean): Prepare =>
  async (api) => {
    const { path } = await prepare(api);
    const body = { agentIds: [(await api.createAgent()).id] };
    if (joined) await api.patch(`/v1${path}${rest}`, body);
    return { path, rest, body };
  };

const onConversation =
  (
    request: (found: Awaited<ReturnType<typeof withTeam>>, api: ApiClient) => Promise<Omit<Prepared, 'path'>>,
  ): Prepare =>
  async (api) => {
    const found = await withTeam(api);
    return { ...found.conversation, ...(await request(found, api)) };
  };

const closed = then(conversation, '/close', {});
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

/** Prepares a request of each operation on one entity with an ETag, by operationId. */
export const VERSIONED_OPERATIONS: Record<string, Prepare> = {
  Agents_getAgentById: agent,
  Agents_patchAgent: then(agent, '', { displayName: 'Carol' }),
  Agents_removeAgent: agent,
  Agents_updateAgentById: then(agent, '', { displayName: 'Carol' }),
  Anonymization_getRequest: anonymization,
  ContactEndpoints_deleteContactEndpoint: contactEndpoint,
  ContactEndpoints_getById: contactEndpoint,
  ContactEndpoints_updateContactEndpoint: then(contactEndpoint, '', { name: 'Support' }),
  Conversations_anonymize: then(conversation, '/anonymize?force=true'),
  Conversations_addMessage: then(conversation, '/messages', inbound()),
  Conversations_anonymizeMessage: async (api) => {
    const { path } = await conversation(api);
    const { body } = await api.get(`/v1${path}/messages`);
    return { path, rest: `/messages/${body.data[0].id}/anonymize` };
  },
  Conversations_offerRating: onConversation(({ agentId, userId }) =>
    Promise.resolve({ rest: '/ratings/offer', body: { agentId, userId, ratingType: 'Csat' } }),
  ),
  Conversations_submitRating: onConversation(async ({ agentId, userId, conversation: { path } }, api) => {
    const offer = { agentId, userId, ratingType: 'Csat' };
    const { body } = await api.post(`/v1${path}/ratings/offer`, offer);
    return { rest: `/ratings/${body.data.id}/submit`, body: { ratingResult: { _type: 'Csat', value: 5 } } };
  }),
  Conversations_addNote: then(conversation, '/notes', { message: 'She called, too.' }),
  Conversations_claim: onConversation(({ agentId }) => Promise.resolve({ rest: '/claim', body: { agentId } })),
  Conversations_close: closed,
  Conversations_followUp: then(conversation, '/followup', { timestamp: tomorrow }),
  Conversations_getById: conversation,
  Conversations_link: onConversation(async ({ userId }, api) => {
    const parent = await api.create('/v1/conversations', emailFrom(userId));
    return { rest: '/link', body: { parentId: parent.id, linkType: 'Related' } };
  }),
  Conversations_reopen: async (api) => {
    const { path, rest, body } = await closed(api);
    await api.put(`/v1${path}${rest}`, body);
    return { path, rest: '/reopen', body: {} };
  },
  Conversations_tag: onConversation(({ tagId }) => Promise.resolve({ rest: `/tags/${tagId}` })),
  Conversations_transferToQueue: onConversation(({ otherQueueId }) =>
    Promise.resolve({ rest: '/transfer/queue', body: { queueId: otherQueueId } }),
  ),
  Conversations_untag: onConversation(async ({ tagId, conversation: { path } }, api) => {
    await api.put(`/v1${path}/tags/${tagId}`);
    return { rest: `/tags/${tagId}` };
  }),
  Conversations_updateCustomAttributes: valued('Conversation', conversation),
  CustomAttributes_archiveCustomAttribute: then(customAttribute, '/archive'),
  CustomAttributes_getById: customAttribute,
  CustomAttributes_updateCustomAttribute: then(customAttribute, '', { label: 'Level' }),
  EndUsers_anonymizeUser: then(endUser, '/anonymize'),
  EndUsers_getUserById: endUser,
  EndUsers_updateCustomAttributes: valued('Contact', endUser),
  EndUsers_updateUser: then(endUser, '', { displayName: 'Bob' }),
  EndUsers_updateUserById: then(endUser, '', { displayName: 'Bob' }),
  Queues_assignMembers: member(queue, '/members', false),
  Queues_deleteQueue: queue,
  Queues_getById: queue,
  Queues_removeMembersBulk: member(queue, '/members', true),
  Queues_updateQueue: then(queue, '', { name: 'Sales' }),
  Tags_activateTag: async (api) => {
    const { path } = await tag(api);
    await api.patch(`/v1${path}/deactivate`);
    return { path, rest: '/activate' };
  },
  Tags_deactivateTag: then(tag, '/deactivate'),
  Tags_getById: tag,
  Tags_removeTag: tag,
  Teams_addMembers: member(team, '/agents', false),
  Teams_getById: team,
  Teams_removeMembers: member(team, '/agents', true),
  Teams_removeTeam: team,
  WebhookRecoveries_getById: recovery,
  Webhooks_deleteSubscription: webhook,
  Webhooks_getSubscriptionById: webhook,
  Webhooks_rotateSecret: then(webhook, '/rotate-secret'),
  Webhooks_updateSubscription: then(webhook, '', { name: 'other' }),
};

/** Operations on one entity without an ETag: what they show or change is not in the entity's stream. */
export const WITHOUT_ETAG = [
  'Agents_updatePresence',
  'Agents_updateWorkingChannel',
  'Conversations_addNotesBulk',
  'Conversations_tagBulk',
  'EndUsers_mergeUser',
  'EndUsers_replaceByExternalId',
  'Queues_getConversationPosition',
  'Tokens_getById',
  'Tokens_revoke',
  'Tokens_rotate',
  'WebhookDeliveries_getById',
  'WebhookDeliveries_cancel',
  'WebhookDeliveries_retry',
  'WebhookRecoveries_recover',
  'Webhooks_getDeliveryStatusLogs',
  'Webhooks_testSubscription',
];
