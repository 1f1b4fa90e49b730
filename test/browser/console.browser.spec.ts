import axe from 'axe-core';
import { type Browser, type Page } from 'playwright-core';
import { waitFor } from '#libs/testing/wait-for.js';
import { ACTION_MS, startChromium } from '../support/chromium.js';
import { type ConsoleWorld, createConsoleWorld } from '../support/console-world.js';

/** Number of events that the feed keeps, and more than that. */
const [KEPT, MANY] = [500, 510];

let world: ConsoleWorld;
let browser: Browser;
let page: Page;
/** Errors on the console of the page, scripts that failed, and what the Content Security Policy refused. */
const problems: string[] = [];
beforeAll(async () => {
  world = await createConsoleWorld();
  browser = await startChromium();
  page = await openPage();
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  await signIn(page, world.api.token);
});
afterAll(async () => {
  await browser.close();
  await world.close();
});
afterEach(() => {
  expect(problems.splice(0)).toEqual([]);
});

async function openPage(colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const opened = await (await browser.newContext({ colorScheme })).newPage();
  opened.setDefaultTimeout(ACTION_MS);
  await opened.goto(`${world.app.url}/console`);
  return opened;
}

async function signIn(on: Page, token: string): Promise<void> {
  await on.getByLabel('API token').fill(token);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

/** Shows a view, and waits until it has loaded. */
async function open(hash: string, on = page): Promise<void> {
  await on.goto(`${world.app.url}/console#${hash}`);
  await loaded(on);
}

const loaded = (on = page) => on.locator('main:has(h1):not(:has([aria-busy]))').waitFor();
const row = (text: string) => page.getByRole('row').filter({ hasText: text });
const deliveriesPath = () => `/v1/webhooks/${world.failingId}/deliveries`;

/** Presses a button of a receiver, confirms it, and waits until the page tells the result. */
async function act(button: string, confirm: string, result: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: button }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: confirm }).click();
  await page.locator('.result').filter({ hasText: result }).waitFor();
}

describe('The console', () => {
  it('asks for a token, says why one is refused, and keeps an accepted one in its tab until it is forgotten', async () => {
    const other = await openPage();
    await signIn(other, 'dsk_wrong');
    await other.getByRole('alert').filter({ hasText: 'The API token is not valid' }).waitFor();
    await signIn(other, world.api.token);
    await other.getByRole('heading', { name: 'Health' }).waitFor();
    await other.reload();
    await other.getByRole('heading', { name: 'Health' }).waitFor();
    expect(await other.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    await other.getByRole('button', { name: 'Forget token' }).click();
    await other.getByLabel('API token').waitFor();
    expect(await other.evaluate('sessionStorage.length')).toBe(0);
    await other.close();
  });

  it('asks for another token when its own is revoked', async () => {
    const { secret, id } = await world.api.create('/v1/tokens', { name: 'short', scopes: ['webhooks:read'] });
    const other = await openPage();
    await signIn(other, secret);
    await other.getByRole('heading', { name: 'Health' }).waitFor();
    await world.api.delete(`/v1/tokens/${id}`);
    await waitFor('the token to be refused', async () => {
      await other
        .locator('#refresh')
        .click({ force: true })
        .catch(() => undefined);
      return other.getByLabel('API token').isVisible();
    });
    await other.getByText('The API token has been revoked. Enter another one.').waitFor();
    await other.close();
  });

  it('names the scopes that a token lacks', async () => {
    const { token } = await world.app.clientWith(['queues:read'], world.api);
    const other = await openPage();
    await signIn(other, token);
    await other.getByText('The API token lacks the scope webhooks:read').first().waitFor();
    await open('/conversations', other);
    expect(await other.getByText('The API token lacks the scope conversations:read').count()).toBe(4);
    expect(await other.getByRole('option').allInnerTexts()).toEqual(['All queues', 'Billing', 'Support']);
    await other.close();
  });

  it('shows the health, and the receivers that fail with their last error', async () => {
    await open('/health');
    expect(await page.getByText('API and database').locator('..').innerText()).toMatch(/\bok$/);
    expect(await page.getByText('Relay lag').locator('..').innerText()).toContain('none');
    await row('Web shop').filter({ hasText: 'TagCreated: 500: The shop is closed' }).waitFor();
    expect(await row('Warehouse').count()).toBe(0);
  });

  it('lists receivers by state and by name', async () => {
    await open('/receivers');
    expect(await page.getByRole('row').count()).toBe(3);
    await page.getByLabel('State').selectOption('failing');
    expect(await page.getByRole('row').count()).toBe(2);
    expect(await row('Web shop').innerText()).toContain('2 failed in a row');
    await page.getByLabel('State').selectOption('all');
    await page.getByLabel('Name or URL').fill('ware');
    expect(await row('Warehouse').innerText()).toContain('healthy');
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('lists the deliveries of a receiver by state, and shows one with its attempts', async () => {
    await open(`/receivers/${world.failingId}?state=delivered`);
    expect(await page.getByText('No delivery matches the filter.').count()).toBe(1);
    await page.getByLabel('State').selectOption('exhausted');
    await page.getByRole('link', { name: 'TagCreated' }).click();
    await page.getByRole('heading', { name: 'Delivery' }).waitFor();
    await loaded();
    expect(await row('The shop is closed').count()).toBe(2);
    await page.getByText('Payload', { exact: true }).click();
    expect(await page.locator('pre').innerText()).toContain('TAG_CREATED');
  });

  it('tests, disables, enables and recovers a receiver, and rotates its secret', async () => {
    await open(`/receivers/${world.failingId}`);
    await act('Test', 'Test', /^Test failed after \d+ ms: 500: The shop is closed$/);
    await act('Disable', 'Disable', 'The receiver is disabled.');
    expect((await world.api.get(`/v1/webhooks/${world.failingId}`)).body.data.enabled).toBe(false);
    await act('Enable', 'Enable', 'The receiver is enabled.');
    await act('Rotate secret…', 'Rotate the secret', 'The new key is');
    const { secretKey } = (await world.api.get(`/v1/webhooks/${world.failingId}`)).body.data;
    expect(await page.locator('.result code').innerText()).toBe(secretKey);
    await act('Recover…', 'Recover', 'The recovery has begun. Its progress is below.');
    await page.getByRole('table', { name: 'Recoveries' }).waitFor();
    await waitFor('the recovered delivery to be given up', async () => {
      const { body: recoveries } = await world.api.get(`/v1/webhooks/${world.failingId}/recoveries`);
      const { body: pending } = await world.api.get(`${deliveriesPath()}?state=pending`);
      return recoveries.data[0].state === 'finished' && pending.data.length === 0;
    });
  });

  it('retries a delivery, and does nothing when the reader cancels', async () => {
    world.receiver.answerWith(200);
    const before = world.receiver.received.length;
    await open(`/receivers/${world.failingId}?state=exhausted`);
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await act('Retry', 'Retry', 'The delivery of TagCreated is pending again.');
    await waitFor('the delivery', async () => {
      const { body } = await world.api.get(`${deliveriesPath()}?state=delivered`);
      return body.data.length === 1;
    });
    expect(world.receiver.received).toHaveLength(before + 1);
  });

  it('says why the API refuses an action', async () => {
    const known = 'Failed to load resource: the server responded with a status of 409 (Conflict)';
    const rotate = () => world.api.post(`/v1/webhooks/${world.failingId}/rotate-secret`, { overlapHours: 24 });
    // At most three keys are in use.
    for (let keys = 1; keys < 3; keys++) await rotate();
    await open(`/receivers/${world.failingId}`);
    await act('Rotate secret…', 'Rotate the secret', '3 keys are already in use');
    expect(problems.splice(0)).toEqual([known]);
  });

  it('follows the events of some types, misses none while it is paused, and keeps the newest', async () => {
    await open('/events');
    await page.getByLabel('Types').fill('TagCreated, EndUserCreated');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('Connected').waitFor();
    await world.api.createAgent();
    await world.api.createTag('Followed');
    await row('TagCreated').waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused.').waitFor();
    const data = Array.from({ length: MANY }, (_, index) => ({ displayName: `User ${index}` }));
    await world.api.post('/v1/endusers/bulk', { data });
    expect(await page.getByRole('row').count()).toBe(2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator(`tbody tr:nth-child(${KEPT})`).waitFor();
    await world.api.createTag('Last');
    await page.locator('tbody tr:first-child').filter({ hasText: 'TagCreated' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(KEPT);
  });

  it('shows the conversations of a queue by state, and the activity log of one', async () => {
    await open('/conversations');
    await page.getByLabel('Queue').selectOption('Billing');
    await loaded();
    expect(await page.getByText('None.').count()).toBe(4);
    await page.getByLabel('Queue').selectOption('All queues');
    await loaded();
    const closed = page.getByRole('region', { name: 'Closed' });
    await closed.getByRole('link', { name: `${world.closedId} Invoice <b>42</b>` }).click();
    await row('ConversationClosed').waitFor();
    expect(await row('ConversationClosed').innerText()).toContain('bob');
  });

  it('lists the tokens with their scopes', async () => {
    await open('/tokens');
    await row('test').filter({ hasText: 'admin' }).filter({ hasText: 'Active' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('has no fault in %s that axe finds serious', async (colorScheme) => {
    const other = await openPage(colorScheme);
    const found = await faults(other);
    await signIn(other, world.api.token);
    await other.getByRole('heading', { name: 'Health' }).waitFor();
    const receiver = `/receivers/${world.failingId}`;
    const { id } = (await world.api.get(deliveriesPath())).body.data[0];
    const conversations = ['/conversations', `/conversations/${world.conversationId}`];
    const views = [
      '/health',
      '/receivers',
      `${receiver}/deliveries/${id}`,
      ...conversations,
      '/events',
      '/tokens',
      receiver,
    ];
    for (const view of views) {
      await open(view, other);
      found.push(...(await faults(other)));
    }
    await other.getByRole('button', { name: 'Recover…' }).click();
    found.push(...(await faults(other)));
    expect(found).toEqual([]);
    await other.close();
  });
});

/** Returns what axe finds serious on a page, with the elements. */
async function faults(on: Page): Promise<string[]> {
  await on.evaluate(axe.source);
  const { violations } = await on.evaluate<axe.AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${on.url()} ${id}: ${html}`));
}
