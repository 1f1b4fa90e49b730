import { randomUUID } from 'node:crypto';
import { type OpenApi, resolved, type Schema } from './openapi/document.js';
import { type Answer, ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** An organization with what requests refer to. */
interface World extends SupportTeam {
  api: ApiClient;
  teamId: string;
  conversationId: number;
  /** An end user of its own, for requests that change it. */
  otherUserId: string;
}

let app: TestApp;
let document: OpenApi;
let mine: World;
let theirs: World;
beforeAll(async () => {
  app = await startTestApp();
  document = (await new ApiClient(app.url, '').get('/openapi.json')).body;
  [mine, theirs] = [await createWorld(), await createWorld()];
});
afterAll(() => app.close());

async function createWorld(): Promise<World> {
  const api = await app.createTestOrganization();
  const team = await createSupportTeam(api);
  const [{ id: conversationId }, { id: otherUserId }] = await Promise.all([
    api.create('/v1/conversations', emailFrom(team.userId)),
    api.create('/v1/endusers', { displayName: 'x' }),
  ]);
  return { ...team, api, conversationId, otherUserId, teamId: await api.createTeam('Billing') };
}

type Id = string | number;

const EARLIER = '2025-03-14T09:00:00Z';

/** A request whose body has an id, and what that is the id of. */
interface Reference {
  of: keyof World;
  send: (id: Id, world: World) => Promise<Answer>;
  /** What it answers when all is well. */
  status: number;
}

const conversation = (of: keyof World, action: string, body: (id: Id, world: World) => object, status = 204) => ({
  of,
  status,
  send: (id: Id, world: World) => world.api.put(`/v1/conversations/${world.conversationId}/${action}`, body(id, world)),
});
const notes = (rest: string, body: (id: Id) => object, status: number): Reference => ({
  of: 'agentId',
  status,
  send: (id, { api, conversationId }) => api.post(`/v1/conversations/${conversationId}/notes${rest}`, body(id)),
});
const message = (of: keyof World, more: (id: Id) => object): Reference => ({
  of,
  status: 200,
  send: (id, { api, conversationId, agentId }) =>
    api.post(`/v1/conversations/${conversationId}/messages`, { ...outboundBy(agentId), ...more(id) }),
});
const imported = (of: keyof World, more: (id: Id) => object): Reference => ({
  of,
  status: 200,
  send: (id, { api, userId: requesterId }) =>
    api.post('/v1/conversations/import', {
      requesterId,
      genericChannelName: 'Trustpilot',
      direction: 'Inbound',
      createdAt: EARLIER,
      ...more(id),
    }),
});
const created = (of: keyof World, body: (id: Id, world: World) => object): Reference => ({
  of,
  status: 201,
  send: (id, world) => world.api.post('/v1/conversations', body(id, world)),
});
const outbound = (world: World, more: object) =>
  emailFrom(world.userId, { message: { ...outboundBy(world.agentId), ...more } });
const callback = (requesterId: Id, queueId: Id) => ({
  _type: 'Callback',
  direction: 'Inbound',
  contactEndpointId: '+4578787878',
  requesterId,
  queueId,
});
const members = (method: string, path: (world: World) => string, status: number): Reference => ({
  of: 'agentId',
  status,
  send: (id, world) => world.api.send(method, path(world), { agentIds: [id] }),
});
const bulk = (method: string, path: string, of: keyof World, body: (item: object) => unknown): Reference => ({
  of,
  status: 200,
  send: (id, { api }) => api.send(method, path, body({ id, displayName: 'y' })),
});
const bare = (item: object) => [item];
const wrapped = (item: object) => ({ data: [item] });
const queueMembers = ({ queueId }: World) => `/v1/queues/${queueId}/members`;
const teamAgents = ({ teamId }: World) => `/v1/teams/${teamId}/agents`;

/** By operation and field, in the order in which they can be sent to one world. */
const REFERENCES: Record<string, Reference> = {
  'Conversations_create requesterId': created('userId', (id) => emailFrom(id as string)),
  'Conversations_create queueId': created('queueId', (id, { userId }) => callback(userId, id)),
  'Conversations_create message.agentId': created('agentId', (agentId, world) => outbound(world, { agentId })),
  'Conversations_create message.cc[]': created('userId', (id, world) =>
    outbound(world, { cc: [world.otherUserId, id] }),
  ),
  'Conversations_create message.bcc[]': created('userId', (id, world) => outbound(world, { bcc: [id] })),
  'Conversations_claim agentId': conversation('agentId', 'claim', (agentId) => ({ agentId })),
  'Conversations_followUp userId': conversation('userId', 'followup', (userId) => ({
    userId,
    timestamp: '2099-01-01T00:00:00Z',
  })),
  'Conversations_transferToQueue queueId': conversation('queueId', 'transfer/queue', (queueId) => ({ queueId })),
  'Conversations_transferToQueue userId': conversation('agentId', 'transfer/queue', (userId, { otherQueueId }) => ({
    queueId: otherQueueId,
    userId,
  })),
  'Conversations_close userId': conversation('userId', 'close', (userId) => ({ userId })),
  'Conversations_reopen userId': conversation('agentId', 'reopen', (userId) => ({ userId })),
  'Conversations_addMessage agentId': message('agentId', (agentId) => ({ agentId })),
  'Conversations_addMessage cc[]': message('userId', (id) => ({ cc: [id] })),
  'Conversations_addMessage bcc[]': message('userId', (id) => ({ bcc: [id] })),
  'Conversations_import requesterId': imported('userId', (requesterId) => ({ requesterId })),
  'Conversations_import messages[].agentId': imported('agentId', (agentId) => ({
    messages: [{ _type: 'OutboundImport', agentId, content: { _type: 'Text', value: 'x' }, createdAt: EARLIER }],
  })),
  'Conversations_import assignment.agentId': imported('agentId', (agentId) => ({
    assignment: { agentId, assignedAt: EARLIER },
  })),
  'Conversations_import closing.closedBy': imported('userId', (closedBy) => ({
    closing: { closedAt: EARLIER, closedBy },
  })),
  'Conversations_offerRating agentId': {
    of: 'agentId',
    status: 200,
    send: (agentId, { api, conversationId, userId }) =>
      api.post(`/v1/conversations/${conversationId}/ratings/offer`, { agentId, userId, ratingType: 'Csat' }),
  },
  'Conversations_addNote agentId': notes('', (agentId) => ({ message: 'x', agentId }), 200),
  'Conversations_addNotesBulk data[].agentId': notes(
    '/bulk',
    (agentId) => ({ data: [{ message: 'x', agentId }] }),
    200,
  ),
  'Queues_assignMembers agentIds[]': members('PATCH', queueMembers, 200),
  'Queues_removeMembersBulk agentIds[]': members('DELETE', queueMembers, 204),
  'Teams_addMembers agentIds[]': members('PATCH', teamAgents, 200),
  'Teams_removeMembers agentIds[]': members('DELETE', teamAgents, 204),
  'Agents_updateAgentsBulk [].id': bulk('PUT', '/v1/agents', 'agentId', bare),
  'Agents_patchAgentsBulk [].id': bulk('PATCH', '/v1/agents', 'agentId', bare),
  'EndUsers_updateUsersBulk data[].id': bulk('PUT', '/v1/endusers', 'otherUserId', wrapped),
  'EndUsers_patchUsersBulk data[].id': bulk('PATCH', '/v1/endusers', 'otherUserId', wrapped),
  'EndUsers_mergeUser intoId': {
    of: 'userId',
    status: 200,
    send: (intoId, { api, otherUserId }) => api.post(`/v1/endusers/${otherUserId}/merge`, { intoId }),
  },
};

/**
 * Ids of what the server does not know, or of parts of what the body changes: a fault of the body. Those of a search match
 * nothing.
 */
const OTHERS = [
  'Conversations_create widgetId',
  'Conversations_offerRating userId',
  'Conversations_searchWithFilters filters.conditions[].field.attributeId',
  'Conversations_searchWithFilters filters.conditions[].field.operator.values[]',
  'Conversations_submitRating userId',
  'CustomAttributes_createCustomAttribute inputDefinition.options[].id',
  'CustomAttributes_updateCustomAttribute inputDefinition.options[].id',
];

/** Where a schema has UUIDs, such as `data[].id`. */
function idsOf(given: Schema, path = '', seen: Schema[] = []): string[] {
  const schema = resolved(given, document);
  if (seen.includes(schema)) return [];
  const inner = (part: Schema, at: string) => idsOf(part, at, [...seen, schema]);
  return [
    ...(schema.format === 'uuid' ? [path] : []),
    ...[schema.oneOf, schema.anyOf, schema.allOf].flatMap((parts = []) => parts.flatMap((part) => inner(part, path))),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, part]) => inner(part, path ? `${path}.${name}` : name)),
    ...(schema.items ? inner(schema.items, `${path}[]`) : []),
  ];
}

/** Each item of a bulk operation and each part of an import has an outcome of its own; one without an id has no type that tells what is missing. */
function outcomeOf({ status, body }: Answer): [status: number, message: string] {
  const failure = body?.data?.[0]?.error ?? body?.data?.partialErrors?.[0];
  if (!failure) return [status, body?.message ?? ''];
  const isMissing = failure._type === 'NotFound' || failure.message.includes('could not be found');
  return [isMissing ? 404 : status, failure.message];
}

describe('An id in a body', () => {
  it('is known to this test, wherever the document has one', () => {
    const documented = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ operationId, requestBody }) => {
        const schema = requestBody?.content['application/json']?.schema;
        return schema ? idsOf(schema).map((field) => `${operationId} ${field}`) : [];
      }),
    );
    expect([...new Set(documented)].sort()).toEqual([...Object.keys(REFERENCES), ...OTHERS].sort());
  });

  it.each(Object.entries(REFERENCES))(
    'is a 404 when it is another organization’s, as when it is nobody’s, and else fine: %s',
    async (_name, { of, send, status }) => {
      const foreign = theirs[of] as Id;
      const nobody = typeof foreign === 'number' ? 999_999_999 : randomUUID();
      const [refused, unknown] = [outcomeOf(await send(foreign, mine)), outcomeOf(await send(nobody, mine))];
      expect([refused[0], unknown[0]]).toEqual([404, 404]);
      expect(refused[1].replace(String(foreign), '')).toBe(unknown[1].replace(String(nobody), ''));
      expect(outcomeOf(await send(mine[of] as Id, mine))[0]).toBe(status);
    },
  );

  it('of a conversation is one, too', async () => {
    const link = (parentId: Id) =>
      mine.api.put(`/v1/conversations/${mine.conversationId}/link`, { parentId, linkType: 'Related' });
    expect((await link(theirs.conversationId)).status).toBe(404);
  });
});
