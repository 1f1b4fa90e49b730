import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type Answer, type ApiClient } from './api-client.js';
import { createSupportTeam, emailFrom, outboundBy } from './support-team.js';

interface Schema {
  $ref?: string;
  type?: string;
  example?: unknown;
  properties?: Record<string, Schema>;
}

interface Parameter {
  name: string;
  in: string;
  schema?: { type?: string; examples?: unknown[] };
}

/** An operation as the document shows it. */
export interface Documented {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** The part of an OpenAPI document that describes operations. */
export interface Document {
  paths: Record<string, Record<string, Documented>>;
  components: { schemas: Record<string, Schema> };
}

/** An operation that was called, with its answer. */
export interface Called {
  operationId: string;
  answer: Answer;
}

type Id = string | number;

/** The entities of an organization that operations are called on. Most are created on first use. */
type World = Awaited<ReturnType<typeof createWorld>>;

/** Creates a world in the client's organization. */
export async function createWorld(api: ApiClient, receiver: WebhookReceiver) {
  const idOf = async (path: string, body: unknown) => (await api.create(path, body)).id as string;
  const attribute = (entityType: string) =>
    idOf('/v1/custom-attributes', {
      entityType,
      identifier: `of-${entityType}`,
      label: 'Plan',
      inputDefinition: { _type: 'Text' },
    });
  const { agentId, otherAgentId, userId, tagId, otherQueueId: queueId } = await createSupportTeam(api);
  const conversation = async (): Promise<number> => (await api.create('/v1/conversations', emailFrom(userId))).id;
  const conversationId = lazily(conversation);
  const webhookSubscriptionId = lazily(async () => (await api.subscribe(receiver.url, ['TagCreated'])).id);
  const webhook = async () => `/v1/webhooks/${await webhookSubscriptionId()}`;
  return {
    api,
    receiver,
    agentId,
    otherAgentId,
    userId,
    otherUserId: () => idOf('/v1/endusers', { displayName: 'Alicia Brown' }),
    externalId: 'CRM-1042',
    tagId,
    queueId: lazily(async () => {
      await api.patch(`/v1/queues/${queueId}/members`, { agentIds: [agentId] });
      return queueId;
    }),
    contactEndpointId: lazily(
      async () => (await api.create('/v1/contact-endpoints', EMAIL_ENDPOINT)).address as string,
    ),
    conversationId,
    csid: conversation,
    messageId: lazily(async () => {
      const { body } = await api.get(`/v1/conversations/${await conversationId()}/messages`);
      return body.data[0].id as string;
    }),
    ratingId: lazily(async () => {
      const path = `/v1/conversations/${await conversationId()}/ratings/offer`;
      const { body } = await api.post(path, { agentId, userId, ratingType: 'Csat' });
      return body.data.id as string;
    }),
    otherConversation: conversation,
    teamId: lazily(async () => {
      const id = await api.createTeam('Billing');
      await api.patch(`/v1/teams/${id}/agents`, { agentIds: [agentId] });
      return id;
    }),
    customAttributeId: lazily(() => attribute('Contact')),
    conversationAttribute: () => attribute('Conversation'),
    webhookSubscriptionId,
    event: 'TagCreated',
    tokenId: () => idOf('/v1/tokens', TOKEN),
    deliveryId: async () => {
      const path = `${await webhook()}/deliveries?state=delivered`;
      await api.createTag('Delivered');
      return waitFor('a delivery', async () => (await api.get(path)).body.data[0]?.id as string | undefined);
    },
    recoveryId: async () => idOf(`${await webhook()}/recover`, { since: '2026-01-01T00:00:00Z' }),
    requestId: async () => {
      const { body } = await api.patch(`/v1/endusers/${userId}/anonymize?force=true`);
      return body.data.id as string;
    },
  };
}

const EMAIL_ENDPOINT = { _type: 'EmailEndpoint', address: 'support@acme.example', name: 'Support' };
const TOKEN = { name: 'CRM', scopes: ['tags:read'] };

/** Prepares operations for which the document's examples do not suffice. Returns bodies that refer to entities. */
const BODIES: Record<string, (world: World) => unknown> = {
  Agents_updateAgentsBulk: ({ agentId }) => [{ id: agentId, displayName: 'Alice' }],
  Agents_patchAgentsBulk: ({ agentId }) => [{ id: agentId, displayName: 'Alice' }],
  Agents_createAgentsBulk: () => ({ data: [{ displayName: 'Alice', email: 'alice@acme.example' }] }),
  EndUsers_updateUsersBulk: ({ userId }) => ({ data: [{ id: userId, displayName: 'Alice' }] }),
  EndUsers_patchUsersBulk: ({ userId }) => ({ data: [{ id: userId, displayName: 'Alice' }] }),
  EndUsers_createUsersBulk: () => ({ data: [{ displayName: 'Alice', email: 'alice@customers.example' }] }),
  EndUsers_listUsers: async ({ api, userId, customAttributeId }) => {
    const attributeId = await customAttributeId();
    await api.patch(`/v1/endusers/${userId}/custom-attributes`, { [attributeId]: 'gold' });
    await api.get(`/v1/endusers?attributeId=${attributeId}&attributeValue=gold&namePrefix=a`);
  },
  EndUsers_getUserById: async ({ api, userId, otherUserId }) => {
    const merged = await otherUserId();
    await api.post(`/v1/endusers/${merged}/merge`, { intoId: userId });
    await api.get(`/v1/endusers/${merged}`);
  },
  EndUsers_replaceByExternalId: () => ({ displayName: 'Alice' }),
  EndUsers_mergeUser: async ({ otherUserId }) => ({ intoId: await otherUserId() }),
  EndUsers_updateCustomAttributes: async ({ customAttributeId }) => ({ [await customAttributeId()]: 'gold' }),
  CustomAttributes_createCustomAttribute: () => ({
    entityType: 'Contact',
    identifier: 'tier',
    label: 'Tier',
    inputDefinition: { _type: 'Text' },
  }),
  CustomAttributes_updateCustomAttribute: () => ({ label: 'Tier' }),
  ContactEndpoints_createContactEndpoint: () => ({ _type: 'TelephonyEndpoint', number: '+4578787878' }),
  ContactEndpoints_list: async ({ contactEndpointId }) => {
    await contactEndpointId();
  },
  ContactEndpoints_updateContactEndpoint: () => ({ name: 'Billing' }),
  Conversations_create: ({ userId }) => emailFrom(userId),
  Conversations_close: ({ agentId }) => ({ userId: agentId }),
  Conversations_reopen: async ({ api, agentId, conversationId }) => {
    await api.put(`/v1/conversations/${await conversationId()}/close`, {});
    return { userId: agentId };
  },
  Conversations_followUp: ({ agentId }) => ({ timestamp: '2099-01-01T00:00:00Z', userId: agentId }),
  Conversations_claim: ({ agentId }) => ({ agentId: agentId }),
  Conversations_transferToQueue: async ({ queueId }) => ({ queueId: await queueId() }),
  Conversations_untag: async ({ api, conversationId, tagId }) => {
    await api.put(`/v1/conversations/${await conversationId()}/tags/${tagId}`);
  },
  Conversations_updateCustomAttributes: async ({ conversationAttribute }) => ({
    [await conversationAttribute()]: 'A-1042',
  }),
  Conversations_offerRating: ({ agentId, userId }) => ({ agentId, userId, ratingType: 'Csat' }),
  Conversations_listRatings: async ({ ratingId }) => {
    await ratingId();
  },
  Conversations_submitRating: () => ({ ratingResult: { _type: 'Csat', value: 5 } }),
  Conversations_import: ({ userId, agentId }) => ({
    requesterId: userId,
    genericChannelName: 'Trustpilot',
    direction: 'Inbound',
    createdAt: '2025-03-14T09:00:00Z',
    externalId: 'ticket-1042',
    assignment: { agentId, assignedAt: '2025-03-14T09:10:00Z' },
  }),
  Conversations_listFlows: async ({ contactEndpointId }) => {
    await contactEndpointId();
  },
  Conversations_addMessage: ({ agentId, userId }) => ({ ...outboundBy(agentId), cc: [userId], externalId: 'm-1' }),
  Conversations_addNote: ({ agentId }) => ({ message: 'The customer called, too.', agentId }),
  Conversations_list: async ({ api, conversationId, conversationAttribute, tagId }) => {
    const [id, attributeId] = [await conversationId(), await conversationAttribute()];
    await api.put(`/v1/conversations/${id}/tags/${tagId}`);
    await api.patch(`/v1/conversations/${id}/custom-attributes`, { [attributeId]: 'A-1042' });
    await api.get(`/v1/conversations?tagId=${tagId}&attributeId=${attributeId}&attributeValue=A-1042`);
  },
  Conversations_search: async ({ conversationId }) => {
    await conversationId();
  },
  Conversations_searchWithFilters: async ({ api, userId, tagId, conversationAttribute, conversationId }) => {
    const [id, attributeId] = [await conversationId(), await conversationAttribute()];
    await api.put(`/v1/conversations/${id}/tags/${tagId}`);
    await api.patch(`/v1/conversations/${id}/custom-attributes`, { [attributeId]: 'A-1042' });
    const fields = [
      { _type: 'ContactId', operator: { _type: 'IsOneOf', values: [userId] } },
      { _type: 'TagId', operator: { _type: 'IncludesAll', values: [tagId] } },
      { _type: 'CustomAttribute', attributeId, operator: { _type: 'IsOneOf', values: [['A-1042']] } },
    ];
    return { query: { value: 'order' }, filters: { strategy: 'All', conditions: fields.map((field) => ({ field })) } };
  },
  Queues_listConversations: async ({ api, conversationId, queueId }) => {
    const transfer = { queueId: await queueId() };
    await api.put(`/v1/conversations/${await conversationId()}/transfer/queue`, transfer);
  },
  Conversations_listNotes: async ({ api, conversationId }) => {
    await api.post(`/v1/conversations/${await conversationId()}/notes`, { message: 'The customer called, too.' });
  },
  Conversations_tagBulk: () => ({ data: [{ name: 'VIP' }, { name: 'Returns' }] }),
  Conversations_addNotesBulk: ({ agentId }) => ({ data: [{ message: 'The customer called, too.', agentId }] }),
  Conversations_link: async ({ otherConversation }) => ({ parentId: await otherConversation(), linkType: 'Related' }),
  Anonymization_anonymize: ({ userId }) => ({ _type: 'User', entityId: userId }),
  Conversations_anonymize: async ({ api, conversationId }) => {
    await api.put(`/v1/conversations/${await conversationId()}/close`, {});
  },
  Queues_createQueue: () => ({
    request: { name: 'Sales', callFunctionality: false, isDefault: false, isDoNotOfferEnabled: false },
  }),
  Queues_updateQueue: () => ({ name: 'Sales', priority: 2 }),
  Queues_assignMembers: ({ otherAgentId }) => ({ agentIds: [otherAgentId] }),
  Queues_removeMembersBulk: ({ agentId }) => ({ agentIds: [agentId] }),
  Teams_addMembers: ({ otherAgentId }) => ({ agentIds: [otherAgentId] }),
  Teams_removeMembers: ({ agentId }) => ({ agentIds: [agentId] }),
  ApiTokens_createToken: () => TOKEN,
  Webhooks_createSubscription: ({ receiver }) => ({
    name: 'CRM',
    url: receiver.url,
    events: ['TagCreated'],
    authorization: { _type: 'NoAuth' },
  }),
  WebhookDeliveries_cancel: async ({ api, webhookSubscriptionId }) => {
    const path = `/v1/webhooks/${await webhookSubscriptionId()}`;
    await api.patch(path, { enabled: false });
    const { body } = await api.get(`${path}/deliveries`);
    for (const { id } of body.data) await api.post(`${path}/deliveries/${id}/retry`);
  },
  Webhooks_updateSubscription: () => ({ name: 'ERP' }),
};

/** Queries that are required, or that read further tables. */
export const QUERIES: Record<string, string> = {
  Conversations_search: '?query=arrived',
  Agents_listAgents: '?email=bob@acme.example',
  EndUsers_listUsers: '?email=alice@brown.example',
};

/** Calls each operation of the document once, each in a separate organization, and returns the answers. */
export async function callEveryOperation(
  document: Document,
  createOrganization: () => Promise<ApiClient>,
  receiver: WebhookReceiver,
): Promise<Called[]> {
  const called: Called[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const world = await createWorld(await createOrganization(), receiver);
      const filled = (await fill(path, world)) + (QUERIES[operation.operationId] ?? '');
      const make = BODIES[operation.operationId];
      const body = make ? await make(world) : exampleOf(document, operation);
      const answer = await (operation.responses['200']?.content?.['text/event-stream']
        ? world.api.open(filled)
        : world.api.send(method.toUpperCase(), filled, body, { 'idempotency-key': randomUUID() }));
      called.push({ operationId: operation.operationId, answer });
    }
  }
  return called;
}

/** Returns the path with ids of the world's entities. */
export async function fill(path: string, world: World): Promise<string> {
  let filled = path;
  for (const [parameter, name] of path.matchAll(/\{(\w+)\}/g)) {
    const given = world[name as keyof World] as Id | (() => Promise<Id>) | undefined;
    if (given === undefined) throw new Error(`Nothing is there for ${parameter} of ${path}`);
    filled = filled.replace(parameter, String(typeof given === 'function' ? await given() : given));
  }
  return filled;
}

/** Returns the body made of the document's examples. */
function exampleOf({ components }: Document, { requestBody }: Documented): unknown {
  const schema = requestBody?.content['application/json']?.schema;
  const properties = components.schemas[schema?.$ref?.split('/').at(-1) ?? '']?.properties;
  return properties && Object.fromEntries(Object.entries(properties).map(([name, { example }]) => [name, example]));
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
