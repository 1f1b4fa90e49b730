import { type Browser, chromium, type Page } from 'playwright-core';
import { type ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];

let app: TestApp;
let api: ApiClient;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 1600 } })).newPage();
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

const operation = (id: string) => page.locator(`[id$="-${id}"]`);

/** Opens an operation, fills in its parameters, sends it, and answers the status that the page shows. */
async function tryOut(id: string, parameters: Record<string, string>, body?: object): Promise<string> {
  const block = operation(id);
  await block.locator('.opblock-summary-control').click();
  for (const [name, value] of Object.entries(parameters)) {
    const field = block.locator(`tr[data-param-name="${name}"]`).locator('input, select').first();
    if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  await block.locator('button.execute').click();
  const status = await block.locator('.live-responses-table .response-col_status').last().innerText();
  await block.locator('.opblock-summary-control').click();
  return status.trim().split(/\s/)[0] as string;
}

describe('Swagger UI', () => {
  it('groups the operations by resource and keeps the token after a reload', async () => {
    await page.goto(`${app.url}/docs`);
    await page.locator('.opblock-tag-section').first().waitFor();
    expect(
      await page.locator('.opblock-tag').evaluateAll((tags) => tags.map((tag) => tag.getAttribute('data-tag'))),
    ).toEqual(['Tags', 'Webhooks']);
    await page.locator('button.authorize').first().click();
    await page.locator('.modal-ux input').fill(api.token);
    await page.locator('.modal-ux button.authorize').click();
    await page.locator('.modal-ux .btn-done').click();
    await page.reload();
    await page.locator('.opblock-tag-section').first().waitFor();
    expect(
      await page.locator('button.authorize.locked, button.authorize svg.locked, .auth-wrapper .locked').count(),
    ).toBe(1);
  });

  it('can try out every operation', async () => {
    const tagId = await api.createTag('try me');
    const { id } = await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
    const { id: doomed } = await api.subscribe('http://127.0.0.1:9/hook', []);
    const subscription = { name: 'tried', url: 'https://example.com/hook', authorization: { _type: 'NoAuth' } };
    const answers = {
      Tags_list: await tryOut('Tags_list', { includeDeactivated: 'false' }),
      Tags_createTag: await tryOut('Tags_createTag', {}, { name: 'tried' }),
      Tags_getById: await tryOut('Tags_getById', { tagId }),
      Tags_deactivateTag: await tryOut('Tags_deactivateTag', { tagId }),
      Tags_activateTag: await tryOut('Tags_activateTag', { tagId }),
      Webhooks_listSubscriptions: await tryOut('Webhooks_listSubscriptions', {}),
      Webhooks_createSubscription: await tryOut('Webhooks_createSubscription', {}, subscription),
      Webhooks_getSubscriptionById: await tryOut('Webhooks_getSubscriptionById', { webhookSubscriptionId: id }),
      Webhooks_updateSubscription: await tryOut(
        'Webhooks_updateSubscription',
        { webhookSubscriptionId: id },
        { name: 'new' },
      ),
      Webhooks_getDeliveryStatus: await tryOut('Webhooks_getDeliveryStatus', { webhookSubscriptionId: id }),
      Webhooks_getDeliveryStatusLogs: await tryOut('Webhooks_getDeliveryStatusLogs', {
        webhookSubscriptionId: id,
        event: 'TagCreated',
      }),
      Webhooks_deleteSubscription: await tryOut('Webhooks_deleteSubscription', { webhookSubscriptionId: doomed }),
    };
    const shown = await page.locator('.opblock').count();
    expect(Object.keys(answers)).toHaveLength(shown);
    expect(answers).toEqual({
      ...Object.fromEntries(Object.keys(answers).map((name) => [name, '200'])),
      Tags_activateTag: '204',
      Tags_deactivateTag: '204',
      Webhooks_createSubscription: '201',
      Webhooks_deleteSubscription: '204',
    });
  });

  it('sends bodies as they are suggested', async () => {
    await page.reload();
    for (const id of ['Tags_createTag', 'Webhooks_createSubscription', 'Webhooks_updateSubscription']) {
      const { id: webhookSubscriptionId } = await api.subscribe('http://127.0.0.1:9/hook', []);
      const parameters: Record<string, string> = id === 'Webhooks_updateSubscription' ? { webhookSubscriptionId } : {};
      expect(await tryOut(id, parameters)).toMatch(/^20[01]$/);
    }
  });
});
