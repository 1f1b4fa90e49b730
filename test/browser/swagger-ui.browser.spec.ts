import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { randomUUID } from 'node:crypto';
import { type Browser, type Page } from 'playwright-core';
import { type ApiClient } from '../support/api-client.js';
import { ACTION_MS, startChromium } from '../support/chromium.js';
import { createSupportTeam, emailFrom, inbound } from '../support/support-team.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** For all operations together: each takes about a second of CPU time. */
const PATIENCE_MS = 600_000;

let app: TestApp;
let api: ApiClient;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  browser = await startChromium();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 1600 } })).newPage();
  page.setDefaultTimeout(ACTION_MS);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

const operation = (id: string) => page.locator(`[id$="-${id}"]`);

/** Opens an operation, fills in its parameters, sends it, and answers the status that the page shows. */
async function tryOut(id: string, parameters: Record<string, string>, body?: object): Promise<string> {
  const block = operation(id);
  // A click as people make it waits a second for the long page to stand still: the one on Execute will do.
  const fold = () => block.locator('.opblock-summary-control').dispatchEvent('click');
  await fold();
  for (const [name, value] of Object.entries(parameters)) {
    const field = block.locator(`tr[data-param-name="${name}"]`).locator('input, select').first();
    await field.fill(value);
  }
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  await block.locator('button.execute').click();
  const status = await block.locator('.live-responses-table .response-col_status').last().innerText();
  await fold();
  return status.trim().split(/\s/)[0] as string;
}

interface Operation {
  operationId: string;
  method: string;
  tags: [string];
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, object> }>;
}

/** Swagger UI shows an answer when it has ended, which a stream does not. */
const isStream = ({ responses }: Operation) => 'text/event-stream' in (responses['200']?.content ?? {});

/** By group; in each the operations that only read come first. */
async function operations(): Promise<Map<string, Operation[]>> {
  const { body } = await api.get('/openapi.json');
  const paths = body.paths as Record<string, Record<string, Operation>>;
  const all = Object.values(paths).flatMap((methods) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method })),
  );
  all.sort((one, other) => Number(other.method === 'get') - Number(one.method === 'get'));
  return Map.groupBy(all, ({ tags }) => tags[0]);
}

const PAST = '2026-01-01T00:00:00Z';

/** A delivery as the worker leaves it. */
async function createDelivery({ organizationId }: ApiClient, subscriptionId: string): Promise<string> {
  const eventId = randomUUID();
  const message = [organizationId, eventId, 'TagCreated'];
  await app.database.sql(
    "INSERT INTO webhook_messages (organization_id, event_id, event_name, body) VALUES ($1, $2, $3, '{}')",
    message,
  );
  await app.database.sql(
    `INSERT INTO webhook_deliveries (organization_id, event_id, event_name, subscription_id, position)
     VALUES ($1, $2, $3, $4, 1)`,
    [...message, subscriptionId],
  );
  return eventId;
}

/** Entities for the path parameters: created for each operation, which may be their last. */
async function createWorld() {
  const fresh = await app.createTestOrganization();
  const team = await createSupportTeam(fresh);
  const attribute = { entityType: 'Contact', identifier: 'a', label: 'a', inputDefinition: { _type: 'Text' } };
  const { id: customAttributeId } = await fresh.create('/v1/custom-attributes', attribute);
  const { id: conversationAttributeId } = await fresh.create('/v1/custom-attributes', {
    ...attribute,
    entityType: 'Conversation',
  });
  const { id: teamId } = await fresh.create('/v1/teams', { name: 'Frontline' });
  const { id: conversationId } = await fresh.create('/v1/conversations', emailFrom(team.userId));
  const messages = await fresh.get(`/v1/conversations/${conversationId}/messages`);
  const messageId = messages.body.data[0].id as string;
  const offer = { agentId: team.agentId, userId: team.userId, ratingType: 'Csat' };
  const rating = await fresh.post(`/v1/conversations/${conversationId}/ratings/offer`, offer);
  const { id: parentId } = await fresh.create('/v1/conversations', emailFrom(team.userId));
  const { id: webhookSubscriptionId } = await fresh.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
  const { id: recoveryId } = await fresh.create(`/v1/webhooks/${webhookSubscriptionId}/recover`, { since: PAST });
  const deliveryId = await createDelivery(fresh, webhookSubscriptionId);
  const { id: tokenId } = await fresh.create('/v1/tokens', { name: 'CRM', scopes: ['tags:read'] });
  const endpoint = { _type: 'TelephonyEndpoint', number: '+4570123400' };
  const { number: contactEndpointId } = await fresh.create('/v1/contact-endpoints', endpoint);
  const { id: otherUserId } = await fresh.create('/v1/endusers', { displayName: 'Alicia' });
  const { id: personId } = await fresh.create('/v1/endusers', { displayName: 'Quiet' });
  const { body } = await fresh.patch(`/v1/endusers/${personId}/anonymize`);
  return {
    token: fresh.token,
    parameters: {
      tagId: team.tagId,
      agentId: team.agentId,
      queueId: team.queueId,
      userId: team.userId,
      teamId,
      customAttributeId,
      webhookSubscriptionId,
      requestId: body.data.id as string,
      event: 'TagCreated',
      deliveryId,
      recoveryId: recoveryId as string,
      tokenId,
      contactEndpointId: contactEndpointId as string,
      externalId: 'CRM-1042',
      conversationId: String(conversationId),
      csid: String(conversationId),
      messageId,
      ratingId: rating.body.data.id as string,
    } as Record<string, string>,
    ids: { ...team, messageId, otherUserId, customAttributeId, conversationAttributeId, parentId },
  };
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** Bodies that name other entities, which a suggestion cannot know. All others are sent as they are suggested. */
const BODIES: Record<string, (ids: World['ids']) => object> = {
  Agents_updateAgentsBulk: ({ agentId }) => [{ id: agentId, displayName: 'Bob' }],
  Agents_patchAgentsBulk: ({ agentId }) => [{ id: agentId, displayName: 'Bob' }],
  EndUsers_updateUsersBulk: ({ userId }) => ({ data: [{ id: userId, displayName: 'Alice' }] }),
  EndUsers_patchUsersBulk: ({ userId }) => ({ data: [{ id: userId, displayName: 'Alice' }] }),
  EndUsers_updateCustomAttributes: ({ customAttributeId }) => ({ [customAttributeId]: 'x' }),
  EndUsers_mergeUser: ({ otherUserId }) => ({ intoId: otherUserId }),
  EndUsers_replaceByExternalId: () => ({ displayName: 'Alice' }),
  ContactEndpoints_updateContactEndpoint: () => ({ name: 'Support', functionality: ['Sms'] }),
  Conversations_create: ({ userId }) => emailFrom(userId),
  Conversations_updateCustomAttributes: ({ conversationAttributeId }) => ({ [conversationAttributeId]: 'x' }),
  Conversations_close: ({ agentId }) => ({ userId: agentId }),
  Conversations_reopen: ({ agentId }) => ({ userId: agentId }),
  Conversations_followUp: ({ agentId }) => ({ timestamp: '2099-01-01T00:00:00Z', userId: agentId }),
  Anonymization_anonymize: ({ messageId }) => ({ _type: 'Message', entityId: messageId }),
  Conversations_import: ({ userId }) => ({
    requesterId: userId,
    genericChannelName: 'Trustpilot',
    direction: 'Inbound',
    createdAt: '2025-03-14T09:00:00Z',
  }),
  Conversations_offerRating: ({ agentId, userId }) => ({ agentId, userId, ratingType: 'Csat' }),
  Conversations_submitRating: () => ({ ratingResult: { _type: 'Csat', value: 5 } }),
  Conversations_addMessage: () => inbound(),
  Conversations_addNote: ({ agentId }) => ({ message: 'She called, too.', agentId }),
  Conversations_tagBulk: () => ({ data: [{ name: 'VIP' }] }),
  Conversations_addNotesBulk: ({ agentId }) => ({ data: [{ message: 'She called, too.', agentId }] }),
  Conversations_claim: ({ agentId }) => ({ agentId }),
  Conversations_transferToQueue: ({ otherQueueId, agentId }) => ({ queueId: otherQueueId, userId: agentId }),
  Conversations_link: ({ parentId }) => ({ parentId, linkType: 'Related' }),
  Queues_assignMembers: ({ agentId }) => ({ agentIds: [agentId] }),
  Queues_removeMembersBulk: ({ agentId }) => ({ agentIds: [agentId] }),
  Teams_addMembers: ({ agentId }) => ({ agentIds: [agentId] }),
  Teams_removeMembers: ({ agentId }) => ({ agentIds: [agentId] }),
};

/** What the state of the world does not allow: the default queue stays, and conversations are open. */
const CONFLICTS = ['Queues_deleteQueue', 'EndUsers_anonymizeUser', 'Conversations_anonymize'];

/** The scheme of the document's security. */
const SCHEME = { type: 'http', scheme: 'bearer', description: 'An API token.' };

/** Swagger UI, as its page offers it to scripts. */
interface SwaggerUi {
  authActions: { authorize(authorized: object): void };
}

/** As if another token had been entered: by hand it would take a dialog for each. */
async function useToken(token: string): Promise<void> {
  await page.evaluate(
    (authorized) => {
      (globalThis as unknown as { ui: SwaggerUi }).ui.authActions.authorize(authorized);
    },
    { token: { name: 'token', schema: SCHEME, value: token } },
  );
}

describe('Swagger UI', () => {
  it('groups the operations by resource and keeps the token after a reload', async () => {
    await page.goto(`${app.url}/docs`);
    await page.locator('button.authorize').first().click();
    await page.locator('.modal-ux input').fill(api.token);
    await page.locator('.modal-ux button.authorize').click();
    await page.locator('.modal-ux .btn-done').click();
    await page.reload();
    await page.locator('.opblock-tag-section').first().waitFor();
    const groups = await page
      .locator('.opblock-tag')
      .evaluateAll((tags) => tags.map((tag) => tag.getAttribute('data-tag')));
    expect(groups).toEqual([
      ...['End Users', 'Conversations', 'Agents', 'Teams', 'Queues', 'Tags', 'Custom Attributes'],
      ...['Contact Endpoints', 'Webhooks', 'Events', 'Anonymization', 'Tokens', 'Organization'],
    ]);
    expect(
      await page.locator('button.authorize.locked, button.authorize svg.locked, .auth-wrapper .locked').count(),
    ).toBe(1);
  });

  it('folds all answers but the success, fills in the path, and fits a phone', async () => {
    const phone = await browser.newContext({ viewport: { width: 390, height: 800 }, isMobile: true });
    const small = await phone.newPage();
    small.setDefaultTimeout(ACTION_MS);
    await small.goto(`${app.url}/docs#/Tags/Tags_getById`);
    const block = small.locator('[id$="-Tags_getById"]');
    const folded = block.locator('.response-folded');
    await folded.first().waitFor();
    expect(await block.locator('tr[data-param-name="tagId"] input').inputValue()).toBe(EXAMPLE_IDS.tag);
    expect(await folded.locator('.response-col_status').allInnerTexts()).toEqual(
      expect.arrayContaining(['304', '400', '404', '503']),
    );
    const count = await folded.count();
    await folded.first().locator('button').click();
    expect(await folded.count()).toBe(count - 1);
    expect(await small.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await small.goto(`${app.url}/docs#/Events/Events_stream`);
    await small.reload();
    await small.locator('[id$="-Events_stream"] .responses-table').waitFor();
    expect(await small.locator('[id$="-Events_stream"] button.execute').count()).toBe(0);
    await phone.close();
  });

  it(
    'can try out every operation, with bodies as they are suggested where they name no other entity',
    async () => {
      const failed: string[] = [];
      let world: World | undefined;
      for (const [group, all] of await operations()) {
        // One open group at a time: Swagger UI draws all of them anew for each answer.
        const foldGroup = () => page.locator(`.opblock-tag[data-tag="${group}"]`).dispatchEvent('click');
        await foldGroup();
        await page.locator('.opblock').first().waitFor();
        expect(await page.locator('.opblock').count()).toBe(all.length);
        for (const { operationId, parameters = [], method } of all.filter((operation) => !isStream(operation))) {
          // What only reads leaves the world as it is.
          if (!world || method !== 'get') {
            world = await createWorld();
            await useToken(world.token);
          }
          const path = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
          const known = world.parameters;
          const filled = Object.fromEntries(path.map((name) => [name, known[name] ?? '']));
          const status = await tryOut(operationId, filled, BODIES[operationId]?.(world.ids));
          const expected = CONFLICTS.includes(operationId) ? /^409$/ : /^20[0124]$/;
          if (!expected.test(status)) failed.push(`${operationId}: ${status}`);
        }
        await foldGroup();
        await page.locator('.opblock').first().waitFor({ state: 'detached' });
      }
      expect(failed).toEqual([]);
    },
    PATIENCE_MS,
  );
});
