import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type DnsServer, startDnsServer } from '#libs/testing/dns-server.js';
import {
  answering,
  type Behaviour,
  endlessly,
  type FaultyReceiver,
  startFaultyReceiver,
} from '#libs/testing/faulty-receiver.js';
import { type Authority, certifyOneself, type KeyAndCertificate, trustNewAuthority } from '#libs/testing/tls.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type WebhookOptions } from '../options.js';
import { type AttemptRequest, type AttemptResult, Sender } from './attempt.js';
import { TargetPolicy } from './target.js';

const TIMEOUT_MS = 1_500;
/** What a busy machine may take beyond a limit. */
const SLACK_MS = 400;
const KB = 1024;
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const HEAD = 'HTTP/1.1 200 OK\r\n';

let dns: DnsServer;
const closing: (() => unknown)[] = [];
/** The sender's ends of all connections of a test. */
let sockets: Socket[] = [];
const onConnected = (message: unknown) => sockets.push((message as { socket: Socket }).socket);

beforeAll(async () => {
  dns = await startDnsServer();
  subscribe('undici:client:connected', onConnected);
});
afterAll(async () => {
  unsubscribe('undici:client:connected', onConnected);
  await dns.close();
});
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function optionsOf(options: Partial<WebhookOptions>): WebhookOptions {
  return {
    timeoutMs: TIMEOUT_MS,
    retrySchedule: [],
    allowedNetworks: LOOPBACK,
    allowedPorts: [443],
    dnsServers: [dns.address],
    retentionDays: 1,
    deliveryRetentionDays: 1,
    ...options,
  };
}

function sender(options: Partial<WebhookOptions> = {}): Sender {
  const all = optionsOf(options);
  const made = new Sender(new TargetPolicy(all), all);
  closing.push(() => made.onApplicationShutdown());
  return made;
}

async function receiver(behaviour: Behaviour, tls?: KeyAndCertificate): Promise<FaultyReceiver> {
  const started = await startFaultyReceiver(behaviour, tls);
  closing.push(() => started.close());
  return started;
}

function to(url: string, body = '{"a":1}'): AttemptRequest {
  return { url, headers: { 'accept-encoding': 'identity' }, body };
}

/** One attempt at a receiver that behaves like this, and how long it took. */
async function attempt(behaviour: Behaviour): Promise<AttemptResult> {
  const { port } = await receiver(behaviour);
  return sender().send(to(`http://127.0.0.1:${port}/hook`));
}

/** Bytes that were read, of answers and at most. */
const bytesRead = () => Math.max(0, ...sockets.map((socket) => socket.bytesRead));

async function expectHungUp(): Promise<void> {
  await waitFor('the connection is broken', () => sockets.every((socket) => socket.destroyed), 2_000);
}

describe('An attempt', () => {
  it('delivers the body as it is, byte by byte', async () => {
    const body = '{"name":"☃ ü","list":[1, 2]}';
    const { port, requests } = await receiver(answering('200 OK', {}, 'thanks'));
    const result = await sender().send(to(`http://127.0.0.1:${port}/hook?x=1`, body));
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200, responseText: 'thanks' });
    expect(result.startedAt.getTime()).toBeLessThanOrEqual(Date.now());
    const [request = ''] = requests;
    expect(request).toMatch(/^POST \/hook\?x=1 HTTP\/1\.1\r\n/);
    expect(request).toMatch(/\r\naccept-encoding: identity\r\n/);
    expect(request.slice(request.indexOf('\r\n\r\n') + 4)).toBe(body);
  });

  it.each([
    ['200 OK', 'delivered'],
    ['204 No Content', 'delivered'],
    ['299 Odd', 'delivered'],
    ['301 Moved', 'refused'],
    ['304 Not Modified', 'refused'],
    ['400 Bad Request', 'refused'],
    ['404 Not Found', 'refused'],
    ['410 Gone', 'gone'],
    ['429 Too Many Requests', 'throttled'],
    ['500 Internal Server Error', 'refused'],
    ['503 Service Unavailable', 'refused'],
    ['999 Odd', 'refused'],
  ])('that is answered %s is %s', async (status, outcome) => {
    const result = await attempt(answering(status));
    expect(result).toMatchObject({ outcome, responseCode: Number(status.slice(0, 3)) });
    expect(result).not.toHaveProperty('retryAfterMs');
  });

  it.each([
    ['429 Too Many Requests', '7', 'throttled', 7_000],
    ['429 Too Many Requests', '99999999999', 'throttled', 3_600_000],
    ['429 Too Many Requests', 'Thu, 01 Jan 1970 00:00:00 GMT', 'throttled', undefined],
    ['429 Too Many Requests', 'soon', 'throttled', undefined],
    ['503 Service Unavailable', '7', 'throttled', 7_000],
    ['503 Service Unavailable', 'soon', 'refused', undefined],
    ['500 Internal Server Error', '7', 'refused', undefined],
    ['200 OK', '7', 'delivered', undefined],
  ])('that is answered %s with Retry-After: %s is %s', async (status, header, outcome, retryAfterMs) => {
    const result = await attempt(answering(status, { 'Retry-After': header }));
    expect(result.outcome).toBe(outcome);
    expect(result.retryAfterMs).toBe(retryAfterMs);
  });

  it('waits until the date that Retry-After names', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs } = await attempt(answering('429 Too Many Requests', { 'Retry-After': date }));
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('does not follow a redirect', async () => {
    const other = await receiver(answering('200 OK'));
    for (const location of [`http://127.0.0.1:${other.port}/`, 'http://169.254.169.254/latest/meta-data/']) {
      const result = await attempt(answering('302 Found', { location }));
      expect(result).toMatchObject({ outcome: 'refused', responseCode: 302 });
    }
    expect(other.connections()).toBe(0);
    expect(sockets.map((socket) => socket.remoteAddress ?? '127.0.0.1')).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('keeps its connection for the next one', async () => {
    const { port, connections, requests, open } = await receiver(answering('200 OK', {}, 'x'.repeat(40 * KB)));
    const one = sender();
    for (let i = 0; i < 9; i++) expect((await one.send(to(`http://127.0.0.1:${port}`))).outcome).toBe('delivered');
    expect(requests).toHaveLength(9);
    // One may not be free again yet when the next attempt begins.
    expect(connections()).toBeLessThanOrEqual(2);
    expect(bytesRead()).toBeGreaterThan(3 * 40 * KB);
    await one.onApplicationShutdown();
    await waitFor('all connections are closed', () => open() === 0);
  });

  it('keeps no NUL of a response', async () => {
    expect((await attempt(answering('200 OK', {}, 'a\0b'))).responseText).toBe('a�b');
  });
});

describe('An attempt at a receiver that takes its time', () => {
  it('is delivered when the answer comes before the deadline', async () => {
    const result = await attempt((socket) =>
      setTimeout(() => socket.write(`${HEAD}content-length: 2\r\n\r\nok`), 1_000),
    );
    expect(result).toMatchObject({ outcome: 'delivered', responseText: 'ok' });
    expect(result.durationMs).toBeGreaterThanOrEqual(990);
  });

  it.each<[string, Behaviour]>([
    ['never answers', () => undefined],
    ['drips headers without end', endlessly(HEAD, 'x: y\r\n', 20)],
    ['drips a status line without end', endlessly('HTTP/1.1 200 O', 'O', 20)],
    ['says at times that it is still working', endlessly('', 'HTTP/1.1 102 Processing\r\n\r\n', 50)],
  ])('ends at the deadline when it %s', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result).toMatchObject({ outcome: 'timeout', responseText: 'No answer within 1.5 s' });
    expect(result).not.toHaveProperty('responseCode');
    expect(result.durationMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 20);
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    await expectHungUp();
  });

  it.each<[string, Behaviour, string]>([
    ['hangs', (socket) => socket.write(`${HEAD}content-length: 10\r\n\r\nhalf`), 'half'],
    ['drips without end', endlessly(`${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n', 20), 'xxx'],
    ['never begins', (socket) => socket.write(`${HEAD}content-length: 10\r\n\r\n`), ''],
  ])('is delivered by its status, soon, when the body %s', async (_what, behaviour, text) => {
    const result = await attempt(behaviour);
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200 });
    expect(result.responseText.slice(0, 3)).toBe(text.slice(0, 3));
    expect(result.durationMs).toBeLessThan(1_000 + SLACK_MS);
    await expectHungUp();
  });

  it('waits for a body no longer than until the deadline', async () => {
    const result = await attempt((socket) => setTimeout(() => socket.write(`${HEAD}content-length: 9\r\n\r\n`), 1_000));
    expect(result.outcome).toBe('delivered');
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it('does not hold up another at the same receiver', async () => {
    let hanging = true;
    const { port } = await receiver((socket, request) => {
      if (!hanging) answering('200 OK')(socket, request);
      hanging = false;
    });
    const one = sender();
    const [first, second] = await Promise.all([1, 2].map(() => one.send(to(`http://127.0.0.1:${port}`))));
    expect([first?.outcome, second?.outcome].sort()).toEqual(['delivered', 'timeout']);
  });
});

describe('An attempt at a receiver that says too much', () => {
  const chunk = Buffer.alloc(64 * KB, 'x');
  const chunked = Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]);

  it.each<[string, Behaviour]>([
    ['a body of 10 GB', endlessly(`${HEAD}content-length: ${10 * 1024 ** 3}\r\n\r\n`, chunk)],
    ['chunks without end', endlessly(`${HEAD}transfer-encoding: chunked\r\n\r\n`, chunked)],
    ['a body that only the end of the connection ends', endlessly(`${HEAD}\r\n`, chunk)],
  ])('hangs up soon on %s, and is delivered by its status', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result).toMatchObject({ outcome: 'delivered', responseText: 'x'.repeat(16 * KB) });
    expect(result.durationMs).toBeLessThan(SLACK_MS);
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it.each<[string, Behaviour]>([
    ['headers without end', endlessly(HEAD, `x: ${'y'.repeat(100)}\r\n`)],
    ['a header without end', endlessly(`${HEAD}x: `, chunk)],
    ['a status line without end', endlessly('HTTP/1.1 200 ', chunk)],
    ['empty lines without end', endlessly('', '\r\n'.repeat(100))],
    ['a flood of 100 Continue', endlessly('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100))],
    ['a flood of 103 Early Hints', endlessly('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100))],
  ])('hangs up soon on %s', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result.outcome).toBe('connection_reset');
    expect(result).not.toHaveProperty('responseCode');
    expect(result.durationMs).toBeLessThan(SLACK_MS);
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it('hangs up soon on the extensions of a chunk without end', async () => {
    const result = await attempt(endlessly(`${HEAD}transfer-encoding: chunked\r\n\r\n1;`, chunk));
    expect(result).toMatchObject({ outcome: 'delivered', responseText: '' });
    expect(result.durationMs).toBeLessThan(SLACK_MS);
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it('does not unpack a response, asked for or not', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * KB * KB));
    const { port } = await receiver((socket) => {
      socket.write(`${HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const result = await sender().send(to(`http://127.0.0.1:${port}`));
    expect(result).toMatchObject({ outcome: 'delivered' });
    expect(result.responseText).toHaveLength(bomb.subarray(0, 16 * KB).toString('utf8').length);
  });
});

describe('An attempt over a connection that breaks', () => {
  it.each<[string, Behaviour]>([
    ['is reset at once', (socket) => socket.resetAndDestroy()],
    ['is closed at once', (socket) => socket.destroy()],
    ['is reset in the head', (socket) => socket.write(HEAD, () => socket.resetAndDestroy())],
    ['is closed in the head', (socket) => socket.end(HEAD)],
    ['speaks no HTTP', (socket) => socket.write('220 mail.example ESMTP\r\n')],
    ['speaks garbage', (socket) => socket.write(Buffer.from('16030100020228', 'hex'))],
    ['speaks HTTP with a broken head', (socket) => socket.write(`${HEAD}content-length: many\r\n\r\n`)],
    ['answers with a status below 100', (socket) => socket.write('HTTP/1.1 000 None\r\n\r\n')],
    [
      'wants to switch protocols',
      (socket) => socket.write('HTTP/1.1 101 Up\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('ends when it %s', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result.outcome).toBe('connection_reset');
    expect(result).not.toHaveProperty('responseCode');
    expect(result.responseText).not.toBe('');
    expect(result.durationMs).toBeLessThan(SLACK_MS);
  });

  it.each<[string, Behaviour, string]>([
    [
      'reset',
      (socket) => socket.write(`${HEAD}content-length: 10\r\n\r\nhalf`, () => socket.resetAndDestroy()),
      'half',
    ],
    ['closed', (socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nhalf`), 'half'],
    ['broken', (socket) => socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nno\r\n`), 'half'],
    ['longer than it says', (socket) => socket.write(`${HEAD}content-length: 4\r\n\r\nhalfhalf`), 'half'],
  ])('is delivered by its status when the body is %s', async (_what, behaviour, text) => {
    const result = await attempt(behaviour);
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200, responseText: text });
    expect(result.durationMs).toBeLessThan(SLACK_MS);
  });

  it('ends when it is refused', async () => {
    const gone = await startFaultyReceiver(() => undefined);
    await gone.close();
    for (const host of ['127.0.0.1', 'localhost']) {
      const result = await sender().send(to(`http://${host}:${gone.port}`));
      expect(result).toMatchObject({ outcome: 'connection_reset', responseText: 'The connection was refused' });
    }
  });

  it('comes back over a new connection', async () => {
    let times = 0;
    const { port } = await receiver((socket, request) => {
      if (++times === 2) socket.resetAndDestroy();
      else answering('200 OK')(socket, request);
    });
    const one = sender();
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push((await one.send(to(`http://127.0.0.1:${port}`))).outcome);
    expect(outcomes).toEqual(['delivered', 'connection_reset', 'delivered']);
  });
});

describe('An attempt over TLS', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await trustNewAuthority();
    dns.resolve('receiver.example', ['127.0.0.1']);
  });
  afterAll(() => {
    authority.forget();
  });
  const send = async (tls: KeyAndCertificate, behaviour = answering('200 OK', {}, 'ok')) => {
    const started = await receiver(behaviour, tls);
    return { ...started, result: await sender().send(to(`https://receiver.example:${started.port}`)) };
  };

  it('is delivered to a certificate that can be trusted', async () => {
    const { result } = await send(await authority.certify('receiver.example'));
    expect(result).toMatchObject({ outcome: 'delivered', responseText: 'ok' });
  });

  it('keeps its connection, and counts what comes for each answer alone', async () => {
    const body = 'x'.repeat(40 * KB);
    const started = await receiver(answering('200 OK', {}, body), await authority.certify('receiver.example'));
    const one = sender();
    for (let i = 0; i < 9; i++) {
      const result = await one.send(to(`https://receiver.example:${started.port}`));
      expect(result).toMatchObject({ outcome: 'delivered', responseText: body.slice(0, 16 * KB) });
    }
    expect(started.connections()).toBeLessThanOrEqual(2);
    expect(bytesRead()).toBeGreaterThan(3 * 40 * KB);
  });

  it('hangs up soon on a body without end', async () => {
    const chunk = Buffer.alloc(64 * KB, 'x');
    const { result } = await send(await authority.certify('receiver.example'), endlessly(`${HEAD}\r\n`, chunk));
    expect(result).toMatchObject({ outcome: 'delivered', responseText: 'x'.repeat(16 * KB) });
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it.each<[string, () => Promise<KeyAndCertificate>, string]>([
    ['has expired', () => authority.certifyExpired('receiver.example'), 'certificate has expired'],
    ['is for another name', () => authority.certify('other.example'), 'receiver.example. is not in the cert'],
    ['is signed by itself', () => certifyOneself('receiver.example'), 'self-signed certificate'],
  ])('ends before anything is sent when the certificate %s', async (_what, certificate, reason) => {
    const { result, requests } = await send(await certificate());
    expect(result.outcome).toBe('tls_error');
    expect(result.responseText).toContain(reason);
    expect(requests).toEqual([]);
  });

  it('ends when the receiver speaks plain HTTP', async () => {
    const plain = await startWebhookReceiver();
    closing.push(plain.close);
    const result = await sender().send(to(plain.url.replace('http:', 'https:')));
    expect(result).toMatchObject({ outcome: 'tls_error', responseText: 'No TLS connection: wrong version number' });
    expect(plain.received).toEqual([]);
  });

  it('ends after 5 seconds without a connection, when an attempt has longer', async () => {
    const mute = await receiver(() => undefined);
    const result = await sender({ timeoutMs: 15_000 }).send(to(`https://127.0.0.1:${mute.port}`));
    expect(result).toMatchObject({ outcome: 'timeout', responseText: 'No connection within 5 s' });
    expect(result.durationMs).toBeLessThan(6_500);
    await waitFor('the connection is closed', () => mute.open() === 0);
  });

  it('ends when a receiver of TLS is spoken to in plain HTTP', async () => {
    const { port } = await receiver(answering('200 OK'), await authority.certify('receiver.example'));
    const result = await sender().send(to(`http://receiver.example:${port}`));
    expect(result.outcome).toBe('connection_reset');
  });
});

describe('An attempt at a name', () => {
  it.each(['localhost', 'receiver.localhost', 'two.example', 'six.example'])('reaches %s', async (name) => {
    dns.resolve('two.example', ['127.0.0.99', '127.0.0.1']);
    dns.resolve('six.example', ['::1', '127.0.0.1']);
    const { port } = await receiver(answering('200 OK'));
    expect((await sender().send(to(`http://${name}:${port}`))).outcome).toBe('delivered');
  });

  it.each([
    ['unknown.example', 'The name unknown.example does not exist'],
    ['broken.example', 'The name broken.example cannot be looked up: its name servers fail'],
    ['empty.example', 'The name empty.example has no address'],
  ])('ends when %s has no address', async (name, reason) => {
    dns.resolve('broken.example', 'SERVFAIL');
    dns.resolve('empty.example', []);
    const result = await sender().send(to(`https://${name}`));
    expect(result).toMatchObject({ outcome: 'dns_error', responseText: reason });
    expect(result.durationMs).toBeLessThan(SLACK_MS);
  });

  it('ends at the deadline when its name servers are slow, and sends nothing after it', async () => {
    dns.resolve('slow.example', 'silence');
    const { port, requests } = await receiver(answering('200 OK'));
    const result = await sender({ timeoutMs: 300 }).send(to(`http://slow.example:${port}`));
    expect(result.outcome).toBe('timeout');
    expect(result.durationMs).toBeLessThan(300 + SLACK_MS);
    dns.resolve('slow.example', ['127.0.0.1']);
    await waitFor('the connection is there, and closed', () => sockets.length === 1 && sockets[0]?.destroyed);
    expect(requests).toEqual([]);
  });

  it('ends before the deadline when its name servers do not answer at all', async () => {
    dns.resolve('silent.example', 'silence');
    const result = await sender({ timeoutMs: 15_000 }).send(to('https://silent.example'));
    expect(result.outcome).toBe('dns_error');
    expect(result.responseText).toContain('do not answer in time');
    expect(result.durationMs).toBeLessThan(6_000);
  });
});

describe('An attempt at a target that is not allowed', () => {
  it.each([
    ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0177.1', '①②⑦.⓪.⓪.①', '127.0.0.1.', '0.0.0.0', '0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]'],
    ...['localhost', 'localhost.', 'receiver.localhost', 'rebound.example', 'mixed.example', 'mapped.example'],
  ])('sends nothing to %s', async (host) => {
    const { port, connections } = await receiver(answering('200 OK'));
    dns.resolve('rebound.example', ['127.0.0.1']);
    dns.resolve('mixed.example', ['93.184.215.14', '127.0.0.1']);
    dns.resolve('mapped.example', ['::ffff:127.0.0.1']);
    const result = await sender({ allowedNetworks: [], allowedPorts: [port] }).send(to(`http://${host}:${port}`));
    expect(result).toMatchObject({
      outcome: 'blocked_target',
      responseText: 'Not sent: the URL must point to a public address',
    });
    expect(result.durationMs).toBeLessThan(SLACK_MS);
    expect(connections()).toBe(0);
    expect(sockets).toEqual([]);
  });

  it.each(['http://user:pw@example.com', 'ftp://example.com', 'nonsense', 'https://example.com:8443'])(
    'sends nothing to %s',
    async (url) => {
      const result = await sender({ allowedNetworks: [] }).send(to(url));
      expect(result.outcome).toBe('blocked_target');
    },
  );

  it('looks once more where its connection goes', async () => {
    class Forgetful extends TargetPolicy {
      override faultOf(): undefined {
        return undefined;
      }
    }
    const { port, requests } = await receiver(answering('200 OK'));
    const options = optionsOf({ allowedNetworks: [] });
    const one = new Sender(new Forgetful(options), options);
    expect((await one.send(to(`http://127.0.0.1:${port}`))).outcome).toBe('blocked_target');
    expect(requests).toEqual([]);
  });

  it('notices when the address of a name changes from one attempt to the next', async () => {
    dns.resolve('changing.example', ['127.0.0.1']);
    const { port, requests } = await receiver(answering('200 OK', { connection: 'close' }));
    const one = sender({ allowedNetworks: ['127.0.0.1/32'] });
    const send = () => one.send(to(`http://changing.example:${port}`));
    expect((await send()).outcome).toBe('delivered');
    dns.resolve('changing.example', ['127.0.0.2']);
    expect((await send()).outcome).toBe('blocked_target');
    dns.resolve('changing.example', ['127.0.0.1']);
    expect((await send()).outcome).toBe('delivered');
    expect(requests).toHaveLength(2);
  });
});
