import { shownEventTypes } from '#libs/webhooks/catalogue/catalogue.published.js';
import { seedExamples } from '#apps/cli/seed/seed.js';
import { ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface Schema {
  type?: string | string[];
  $ref?: string;
  description?: string;
  example?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; description?: string }[];
  requestBody?: { content: Record<string, { schema: Schema; examples?: Record<string, { value: object }> }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}

interface Document {
  openapi: string;
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  security: unknown[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
}

let app: TestApp;
let document: Document;
beforeAll(async () => {
  app = await startTestApp();
  document = (await new ApiClient(app.url, '').get('/openapi.json')).body as Document;
});
afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('The OpenAPI document', () => {
  it('is version 3.1 and says how to authenticate', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.components.securitySchemes).toEqual({
      token: expect.objectContaining({ type: 'http', scheme: 'bearer' }),
    });
    expect(document.security).toEqual([{ token: [] }]);
  });

  it('has an example of each variant of a body, which is taken as it is where the demo data is', async () => {
    const api = await app.createTestOrganization();
    await seedExamples(app.runtime, api);
    for (const path of ['/v1/contact-endpoints', '/v1/conversations']) {
      const body = document.paths[path]?.post?.requestBody?.content['application/json'];
      const examples = Object.entries(body?.examples ?? {});
      expect(examples.map(([name]) => name)).toEqual(Object.keys(body?.schema.discriminator?.mapping ?? {}));
      for (const [, { value }] of examples) {
        expect(await api.post(path, value)).toMatchObject({ status: 201 });
      }
    }
  });

  it('has the operations under their public names', () => {
    expect(
      operations()
        .map(({ operation }) => operation.operationId)
        .sort(),
    ).toEqual([
      'Agents_createAgent',
      'Agents_createAgentsBulk',
      'Agents_getAgentById',
      'Agents_getHistory',
      'Agents_getPresence',
      'Agents_listAgents',
      'Agents_listPresence',
      'Agents_listTeams',
      'Agents_patchAgent',
      'Agents_patchAgentsBulk',
      'Agents_removeAgent',
      'Agents_updateAgentById',
      'Agents_updateAgentsBulk',
      'Agents_updatePresence',
      'Agents_updateWorkingChannel',
      'Anonymization_anonymize',
      'Anonymization_getRequest',
      'ContactEndpoints_createContactEndpoint',
      'ContactEndpoints_deleteContactEndpoint',
      'ContactEndpoints_getById',
      'ContactEndpoints_list',
      'ContactEndpoints_updateContactEndpoint',
      'Conversations_addMessage',
      'Conversations_addNote',
      'Conversations_addNotesBulk',
      'Conversations_anonymize',
      'Conversations_anonymizeMessage',
      'Conversations_claim',
      'Conversations_close',
      'Conversations_create',
      'Conversations_followUp',
      'Conversations_getById',
      'Conversations_getHistory',
      'Conversations_getRating',
      'Conversations_import',
      'Conversations_link',
      'Conversations_list',
      'Conversations_listActivityLog',
      'Conversations_listActivityLogs',
      'Conversations_listFlows',
      'Conversations_listLinked',
      'Conversations_listMessages',
      'Conversations_listNotes',
      'Conversations_listRatings',
      'Conversations_listTags',
      'Conversations_offerRating',
      'Conversations_reopen',
      'Conversations_search',
      'Conversations_searchWithFilters',
      'Conversations_submitRating',
      'Conversations_tag',
      'Conversations_tagBulk',
      'Conversations_transferToQueue',
      'Conversations_untag',
      'Conversations_updateCustomAttributes',
      'CustomAttributes_archiveCustomAttribute',
      'CustomAttributes_createCustomAttribute',
      'CustomAttributes_getById',
      'CustomAttributes_getHistory',
      'CustomAttributes_list',
      'CustomAttributes_updateCustomAttribute',
      'EndUsers_anonymizeUser',
      'EndUsers_createUser',
      'EndUsers_createUsersBulk',
      'EndUsers_export',
      'EndUsers_getHistory',
      'EndUsers_getUserById',
      'EndUsers_listConversations',
      'EndUsers_listUsers',
      'EndUsers_mergeUser',
      'EndUsers_patchUsersBulk',
      'EndUsers_replaceByExternalId',
      'EndUsers_updateCustomAttributes',
      'EndUsers_updateUser',
      'EndUsers_updateUserById',
      'EndUsers_updateUsersBulk',
      'Events_list',
      'Events_stream',
      'Organization_get',
      'Queues_assignMembers',
      'Queues_createQueue',
      'Queues_deleteQueue',
      'Queues_getAvailability',
      'Queues_getById',
      'Queues_getConversationPosition',
      'Queues_getHistory',
      'Queues_listAll',
      'Queues_listConversations',
      'Queues_listMembers',
      'Queues_removeMembersBulk',
      'Queues_updateQueue',
      'Tags_activateTag',
      'Tags_createTag',
      'Tags_deactivateTag',
      'Tags_getById',
      'Tags_getHistory',
      'Tags_list',
      'Tags_removeTag',
      'Teams_addMembers',
      'Teams_createTeam',
      'Teams_getById',
      'Teams_getHistory',
      'Teams_listAll',
      'Teams_listMembers',
      'Teams_listPresenceStatus',
      'Teams_removeMembers',
      'Teams_removeTeam',
      'Tokens_create',
      'Tokens_getById',
      'Tokens_getHistory',
      'Tokens_list',
      'Tokens_revoke',
      'Tokens_rotate',
      'WebhookDeliveries_cancel',
      'WebhookDeliveries_getById',
      'WebhookDeliveries_getRelayLag',
      'WebhookDeliveries_list',
      'WebhookDeliveries_listAll',
      'WebhookDeliveries_retry',
      'WebhookRecoveries_getById',
      'WebhookRecoveries_list',
      'WebhookRecoveries_recover',
      'Webhooks_createSubscription',
      'Webhooks_deleteSubscription',
      'Webhooks_getDeliveryStatus',
      'Webhooks_getDeliveryStatusLogs',
      'Webhooks_getHistory',
      'Webhooks_getSubscriptionById',
      'Webhooks_listEventTypes',
      'Webhooks_listSubscriptions',
      'Webhooks_rotateSecret',
      'Webhooks_testSubscription',
      'Webhooks_updateSubscription',
    ]);
  });

  it('gives every operation a summary, a description, a documented group, described parameters and its errors with a body', () => {
    for (const { operation } of operations()) {
      expect(operation.summary).toMatch(/\.$/);
      expect(operation.description).toMatch(/\.$/);
      expect(document.tags.map(({ name }) => name)).toContain(operation.tags?.[0]);
      for (const parameter of operation.parameters ?? []) expect(parameter.description).toBeTruthy();
      for (const status of ['400', '401', '403', '429', '500', '503']) {
        expect(operation.responses[status]?.content?.['application/json']?.schema.$ref).toBeDefined();
      }
      for (const response of Object.values(operation.responses)) expect(response.description).toBeTruthy();
    }
  });

  it('gives every field a description, and every plain one an example', () => {
    const lacking: string[] = [];
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const [field, property] of Object.entries(schema.properties ?? {})) {
        if (!property.description) lacking.push(`${name}.${field}: description`);
        const nested = JSON.stringify(property).includes('$ref');
        if (!nested && property.example === undefined) lacking.push(`${name}.${field}: example`);
      }
    }
    expect(lacking).toEqual([]);
  });

  it('has paths in kebab case', () => {
    for (const path of Object.keys(document.paths)) expect(path).toMatch(/^(\/([a-z\d]+(-[a-z\d]+)*|\{[a-zA-Z]+\}))+$/);
  });

  it('describes what receivers get of each event that is produced', () => {
    const produced = shownEventTypes().filter((event) => event.produced);
    expect(Object.keys(document.webhooks)).toEqual(produced.map(({ name }) => name));
    for (const { name, eventFqn, example } of produced) {
      const content = document.webhooks[name]?.post.requestBody?.content['application/json'];
      expect(content).toMatchObject({ schema: { properties: { event_fqn: { const: eventFqn } } }, example });
    }
  });

  it('names each schema so that no generator has to number it', () => {
    const names = Object.keys(document.components.schemas);
    expect(names.filter((name) => /\d$/.test(name))).toEqual([]);
    const letters = names.map((name) => name.toLowerCase().replace(/[\W_]/g, ''));
    expect(letters.filter((name, index) => letters.indexOf(name) !== index)).toEqual([]);
  });

  it('names the origin by which it is asked for as its server', async () => {
    const serversOf = async (path: string, headers: Record<string, string>) => {
      const answer = await new ApiClient(app.url, '').send('GET', path, undefined, headers);
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      return /"servers":\s*(\[[^\]]*\])/.exec(text)?.[1]?.replace(/\s/g, '');
    };
    expect(document.servers).toEqual([{ url: app.url }]);
    for (const path of ['/openapi.json', '/docs/swagger-ui-init.js']) {
      expect(await serversOf(path, {})).toBe(`[{"url":"${app.url}"}]`);
    }
    const small = await startTestApp({ env: { PUBLIC_URL: 'https://support.example' }, beside: app });
    try {
      const { body } = await new ApiClient(small.url, '').get('/openapi.json');
      expect(body.servers).toEqual([{ url: 'https://support.example' }]);
    } finally {
      await small.close();
    }
  });

  it('says which fields may be null', () => {
    const { label, description } = document.components.schemas.CreateCustomAttributeInput?.properties ?? {};
    expect(label?.type).toBe('string');
    expect(description?.type).toEqual(['string', 'null']);
  });

  it('tells the variants of a union apart by _type', () => {
    const unions = [
      document.components.schemas.CreateWebhookSubscriptionInput?.properties?.authorization,
      document.components.schemas.EventDeliveryStatus?.properties?.deliveryStatus,
      document.components.schemas.CombinedFilters?.properties?.conditions?.items,
    ];
    for (const union of unions) {
      expect(union?.discriminator?.propertyName).toBe('_type');
      expect(Object.values(union?.discriminator?.mapping ?? {}).sort()).toEqual(
        union?.oneOf?.map(({ $ref }) => $ref).sort(),
      );
    }
  });

  it('refers to nothing that it does not hold', () => {
    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name as string,
    );
    expect(refs.filter((name) => !document.components.schemas[name])).toEqual([]);
    expect(refs.length).toBeGreaterThan(50);
  });
});
