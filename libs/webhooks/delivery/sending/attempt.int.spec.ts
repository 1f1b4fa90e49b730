import {
  attempt,
  bytesRead,
  DEADLINE_MS,
  expectHungUp,
  KB,
  prepareAttempts,
  receiver,
  sender,
  sockets,
  TIMEOUT_MS,
  to,
} from '#libs/testing/attempts.js';
import { answering, type Behaviour, endlessly } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';

prepareAttempts();

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
    // A connection may not be free yet when the next attempt begins.
    expect(connections()).toBeLessThanOrEqual(2);
    expect(bytesRead()).toBeGreaterThan(3 * 40 * KB);
    one.onApplicationShutdown();
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
    ['drips a status line without end', endlessly('HTTP/1.1 200 O', 'O', 20)],
    ['says at times that it is still working', endlessly('', 'HTTP/1.1 102 Processing\r\n\r\n', 50)],
  ])('ends at the deadline when it %s', async (_what, behaviour) => {
    const result = await attempt(behaviour, { timeoutMs: DEADLINE_MS });
    expect(result).toMatchObject({ outcome: 'timeout', responseText: 'No answer within 1.5 s' });
    expect(result).not.toHaveProperty('responseCode');
    expect(result.durationMs).toBeGreaterThanOrEqual(DEADLINE_MS - 20);
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
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS);
    await expectHungUp();
  });

  it('waits for a body no longer than until the deadline', async () => {
    const late: Behaviour = (socket) => setTimeout(() => socket.write(`${HEAD}content-length: 9\r\n\r\n`), 1_000);
    const result = await attempt(late);
    expect(result.outcome).toBe('delivered');
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS);
  });

  it('does not hold up another at the same receiver', async () => {
    let hanging = true;
    const { port } = await receiver((socket, request) => {
      if (!hanging) answering('200 OK')(socket, request);
      hanging = false;
    });
    const one = sender({ timeoutMs: 5_000 });
    const [first, second] = await Promise.all([1, 2].map(() => one.send(to(`http://127.0.0.1:${port}`))));
    expect([first?.outcome, second?.outcome].sort()).toEqual(['delivered', 'timeout']);
  });
});
