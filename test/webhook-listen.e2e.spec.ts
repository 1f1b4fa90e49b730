import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { launch, type Launched } from './support/launch.js';
import { signedHeaders } from './support/signed-headers.js';

const SECRET = randomBytes(32).toString('hex');
const BODY = '{"event_fqn":"TAG_CREATED","data":{"tag":{"name":"VIP"}}}';

let tool: Launched | undefined;
afterEach(() => tool?.end('SIGTERM'));

/** Starts the tool on a free port, and answers its URL. */
async function listen(...args: string[]): Promise<{ url: string; tool: Launched }> {
  tool = launch(['dist/apps/webhook-listen/main.js', '--port', '0', ...args]);
  const [, url] = await tool.told(/Deliveries to (http:\S+)/);
  return { url: url as string, tool };
}

const send = (url: string, headers: Record<string, string>, body = BODY) =>
  fetch(url, { method: 'POST', headers, body });

/** Sends a delivery, and tells what the tool printed about it, and answered. */
async function printed(secret: string, headers: Record<string, string>, body = BODY): Promise<string> {
  const { url, tool } = await listen('--secret', secret);
  const { status } = await send(url, headers, body);
  const [, line] = await tool.told(/^\d\d:\d\d:\d\d\.\d{3} {2}(.*)$/m);
  await tool.end('SIGTERM');
  return `${line} → ${status}`;
}

describe('npm run webhook:listen', () => {
  it('prints deliveries with their name, id and body, and says what it needs to verify them', async () => {
    const { url, tool } = await listen();
    const id = randomUUID();
    expect((await send(url, signedHeaders([SECRET], id, BODY))).status).toBe(200);
    await tool.told(new RegExp(`TAG_CREATED {2}${id} {2}unverified`));
    expect(tool.output()).toContain(JSON.stringify(JSON.parse(BODY), null, 2));
    expect(tool.output()).toContain("give the subscription's secretKey as --secret");
  });

  it('says verified of what was signed with the key, even beside another one', async () => {
    const other = randomBytes(32).toString('hex');
    for (const keys of [[SECRET], [other, SECRET], [SECRET, other]]) {
      expect(await printed(SECRET, signedHeaders(keys, 'a', BODY))).toBe('TAG_CREATED  a  verified → 200');
    }
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['another key', signedHeaders(['00'.repeat(32)], 'a', BODY), /no signature in webhook-signature fits/],
    ['another body', signedHeaders([SECRET], 'a', `${BODY} `), /no signature in webhook-signature fits/],
    ['another id', { ...signedHeaders([SECRET], 'a', BODY), 'webhook-id': 'b' }, /no signature in webhook-signature/],
    ['no headers', {}, /webhook-id, webhook-timestamp or webhook-signature is missing/],
    ['a time long ago', signedHeaders([SECRET], 'a', BODY, new Date(Date.now() - 310_000)), /5 minutes off/],
    ['a time to come', signedHeaders([SECRET], 'a', BODY, new Date(Date.now() + 600_000)), /5 minutes off/],
    ['no time', { ...signedHeaders([SECRET], 'a', BODY), 'webhook-timestamp': 'now' }, /5 minutes off/],
    [
      'another key in x-dixa-signature',
      {
        ...signedHeaders([SECRET], 'a', BODY),
        'x-dixa-signature': signedHeaders(['00'.repeat(32)], 'a', BODY)['x-dixa-signature'],
      },
      /no signature in x-dixa-signature fits/,
    ],
  ])('says NOT verified, and why, of a delivery with %s, and refuses it', async (_, headers, why) => {
    const line = await printed(SECRET, headers);
    expect(line).toMatch(/NOT verified.* → 401$/);
    expect(line).toMatch(why);
  });

  it('recognizes repetitions by webhook-id', async () => {
    const { url, tool } = await listen();
    for (const id of ['a', 'b', 'a', 'a']) await send(url, { 'webhook-id': id });
    await tool.told(/a {2}unverified {2}\(a repetition: it has come 3 times\)/);
    expect(tool.output().match(/repetition/g)).toHaveLength(2);
  });

  it('answers as it is told to, and as late', async () => {
    const { url } = await listen('--status', '503', '--delay', '300');
    const start = performance.now();
    expect((await send(url, {})).status).toBe(503);
    expect(performance.now() - start).toBeGreaterThan(290);
  });

  it('prints bodies that are no JSON as they are, without what would steer the terminal', async () => {
    const { url, tool } = await listen();
    await send(url, {}, 'plain\u001b[2Jtext');
    await tool.told(/plain\uFFFD\[2Jtext/);
    await send(url, {}, 'null');
    await tool.told(/^null$/m);
  });

  it('ends with 0 on Ctrl-C', async () => {
    const { tool } = await listen();
    expect(await tool.end('SIGINT')).toBe(0);
  });
});

describe('npm run webhook:listen says what to do, and ends with 1, when', () => {
  async function refused(...args: string[]): Promise<string> {
    const tool = launch(['dist/apps/webhook-listen/main.js', ...args]);
    expect(await tool.end()).toBe(1);
    expect(tool.output()).not.toMatch(/^\s+at /m);
    return tool.output();
  }

  it.each<[string, string[], string]>([
    ['the port is none', ['--port', '65536'], '--port must be a whole number from 0 to 65535.'],
    ['the key is none', ['--secret', 'geheim'], "--secret must be the subscription's secretKey: 64 characters in hex."],
    ['the status is none', ['--status', '99'], '--status must be a whole number from 200 to 599.'],
    ['the delay is none', ['--delay', '1s'], '--delay must be a whole number from 0 to 600000.'],
    ['an option is unknown', ['--prot', '1'], "Unknown option '--prot'. Usage:"],
    ['a value is missing', ['--port'], 'Usage:'],
    ['there is an argument too many', ['4000'], "Unexpected argument '4000'"],
  ])('%s', async (_, args, message) => {
    expect(await refused(...args)).toContain(message);
  });

  it('the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    expect(await refused('--port', String(port))).toMatch(
      /^Cannot listen on port \d+ \(.*EADDRINUSE.*\)\. Choose another with --port\.$/m,
    );
    other.close();
  });
});
