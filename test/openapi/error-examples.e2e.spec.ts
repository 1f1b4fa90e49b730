import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiClient } from '../support/api-client.js';
import { filled as filledPath, type Operation as ExampleOperation } from '../support/example-requests.js';
import { createSupportTeam, emailFrom, inbound } from '../support/support-team.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface ErrorResponse {
  content?: { 'application/json'?: { example?: { message: string; code: string } } };
}
type Operation = Omit<ExampleOperation, 'requestBody'> & {
  requestBody?: { required?: boolean };
  responses: Record<string, ErrorResponse>;
};
type Documented = [path: string, method: string, operation: Operation];

let app: TestApp;
let api: ApiClient;
let operations: Documented[];

beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  const { body } = await new ApiClient(app.url, '').get('/openapi.json');
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>);
  operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Documented => [path, method.toUpperCase(), operation]),
  );
});
afterAll(() => app.close());

const exampleOf = ({ responses }: Operation, status: string) =>
  responses[status]?.content?.['application/json']?.example;

/** Returns the path and body of a request with the fault that the example describes. */
function faulty([path, , operation]: Documented, message: string): [path: string, body?: unknown] {
  const filled = (others?: Record<string, string>) => filledPath(path, operation, others);
  const inPath = /path parameter (\w+)/.exec(message)?.[1];
  if (inPath) return [filled({ [inPath]: 'x' })];
  if (message.includes('%-sequence')) return [`${filled()}?x=%ff`];
  const inQuery = /query parameter (\w+)/.exec(message)?.[1];
  if (inQuery && message.includes('is missing')) return [filled()];
  if (inQuery) return [`${filled()}?${inQuery}=x`];
  if (message.includes('body (')) return [filled(), message.includes('is missing') ? undefined : {}];
  throw new Error(`No request is known that is answered: ${message}`);
}

/** Returns the answers that differ from the document's examples. */
async function differences(
  status: number,
  ask: (documented: Documented, message: string) => Promise<{ status: number; body: any }>,
) {
  const found: object[] = [];
  for (const documented of operations) {
    const example = exampleOf(documented[2], String(status));
    if (!example) continue;
    const answer = await ask(documented, example.message);
    const { message, code } = answer.body;
    if (answer.status !== status || message !== example.message || code !== example.code) {
      found.push({ operation: documented[2].operationId, example: example.message, status: answer.status, message });
    }
  }
  return found;
}

describe('The example of an error in the OpenAPI document', () => {
  it('is there for every operation', () => {
    for (const [path, , operation] of operations) {
      const known = path.includes('{') ? ['400', '403', '404'] : ['400', '403'];
      const statuses = Object.keys(operation.responses).filter((status) => known.includes(status));
      expect(statuses.filter((status) => !exampleOf(operation, status))).toEqual([]);
    }
  });

  it('is what a faulty request is answered', async () => {
    const found = await differences(400, (documented, message) => {
      const [url, body] = faulty(documented, message);
      return api.send(documented[1], url, body);
    });
    expect(found).toEqual([]);
  });

  it('is what a token without the scope is answered', async () => {
    const { secret } = await api.create('/v1/tokens', { name: 'Nothing much', scopes: ['organization:read'] });
    const other = await api.create('/v1/tokens', { name: 'Nothing else', scopes: ['tags:read'] });
    const found = await differences(403, ([path, method, operation], message) => {
      const token = message.endsWith('organization:read') ? (other.secret as string) : (secret as string);
      return new ApiClient(app.url, token).send(method, filledPath(path, operation));
    });
    expect(found).toEqual([]);
  });

  it('is what a request about nothing is answered', async () => {
    const { agentId, userId, otherQueueId: queueId, tagId } = await createSupportTeam(api);
    const { id: parentId } = await api.create('/v1/conversations', emailFrom(userId));
    const bodies: Record<string, object> = {
      ...BODIES,
      Conversations_create: emailFrom(EXAMPLE_IDS.endUser),
      Webhooks_createSubscription: {
        name: 'CRM',
        url: 'http://127.0.0.1:9',
        authorization: { _type: 'NoAuth' },
        events: ['QueueCreated'],
        filters: {
          QueueCreated: {
            _type: 'CombinedFilters',
            strategy: 'All',
            conditions: [{ _type: 'IsOneOf', field: 'QueueId', values: [EXAMPLE_IDS.queue] }],
          },
        },
      },
      Conversations_addMessage: inbound(),
      Conversations_offerRating: { agentId, userId, ratingType: 'Csat' },
      Conversations_submitRating: { ratingResult: { _type: 'Csat', value: 5 } },
      Conversations_import: {
        requesterId: EXAMPLE_IDS.endUser,
        genericChannelName: 'Trustpilot',
        direction: 'Inbound',
        createdAt: '2025-03-14T09:00:00Z',
      },
      Conversations_claim: { agentId },
      Conversations_link: { parentId, linkType: 'Related' },
      Conversations_transferToQueue: { queueId },
    };
    const found = await differences(404, ([path, method, operation]) => {
      const known: Record<string, string> = path.startsWith('/v1/conversations') ? { tagId } : {};
      const url = filledPath(path, operation, known);
      return api.send(method, url, operation.requestBody && bodies[operation.operationId]);
    });
    expect(found).toEqual([]);
  });
});

/** Valid bodies, so that the entity is looked up. */
const agentIds = [EXAMPLE_IDS.agent];
const BODIES: Record<string, object> = {
  Agents_updateAgentById: { displayName: 'Alice' },
  Agents_patchAgent: { displayName: 'Alice' },
  Agents_updatePresence: { connectionStatus: 'Online' },
  Agents_updateWorkingChannel: { channel: 'Email', working: true },
  ContactEndpoints_updateContactEndpoint: { name: 'Support' },
  Conversations_addNote: { message: 'The customer called, too.' },
  Conversations_tagBulk: { data: [{ name: 'VIP' }] },
  Conversations_addNotesBulk: { data: [{ message: 'The customer called, too.' }] },
  Conversations_updateCustomAttributes: {},
  Conversations_followUp: { timestamp: '2099-01-01T00:00:00Z' },
  CustomAttributes_updateCustomAttribute: { label: 'Tier' },
  EndUsers_updateUserById: { displayName: 'Alice' },
  EndUsers_updateUser: { displayName: 'Alice' },
  EndUsers_updateCustomAttributes: {},
  EndUsers_mergeUser: { intoId: EXAMPLE_IDS.otherEndUser },
  Queues_updateQueue: { name: 'Sales' },
  Queues_assignMembers: { agentIds },
  Queues_removeMembersBulk: { agentIds },
  Teams_addMembers: { agentIds },
  Teams_removeMembers: { agentIds },
  Webhooks_updateSubscription: { name: 'ERP' },
  Webhooks_testSubscription: { event: 'TagCreated' },
  WebhookRecoveries_recover: { since: '2026-11-01T00:00:00Z', onlyMissing: false },
};
