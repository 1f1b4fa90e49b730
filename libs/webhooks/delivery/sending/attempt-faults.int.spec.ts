import { gzipSync } from 'node:zlib';
import {
  attempt,
  bytesRead,
  closeAfterwards,
  DEADLINE_MS,
  dns,
  expectHungUp,
  KB,
  prepareAttempts,
  receiver,
  sender,
  to,
} from '#libs/testing/attempts.js';
import { answering, type Behaviour, endlessly, startFaultyReceiver } from '#libs/testing/faulty-receiver.js';
import { trustNewAuthority } from '#libs/testing/tls.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';

prepareAttempts();

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
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it.each<[string, Behaviour]>([
    ['a status line without end', endlessly('HTTP/1.1 200 ', chunk)],
    ['empty lines without end', endlessly('', '\r\n'.repeat(100))],
    ['a flood of 100 Continue', endlessly('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100))],
    ['a flood of 103 Early Hints', endlessly('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100))],
  ])('hangs up soon on %s', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result.outcome).toBe('connection_reset');
    expect(result).not.toHaveProperty('responseCode');
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it.each<[string, Behaviour]>([
    ['headers without end', endlessly(HEAD, `x: ${'y'.repeat(100)}\r\n`)],
    ['a header without end', endlessly(`${HEAD}x: `, chunk)],
  ])('hangs up soon on %s, and is delivered by its status', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200 });
    expect(result.responseText).toContain('16 KB of headers');
    await expectHungUp();
    expect(bytesRead()).toBeLessThanOrEqual(2 * 64 * KB);
  });

  it('hangs up soon on the extensions of a chunk without end', async () => {
    const result = await attempt(endlessly(`${HEAD}transfer-encoding: chunked\r\n\r\n1;`, chunk));
    expect(result).toMatchObject({ outcome: 'delivered', responseText: '' });
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
    ['is reset in the status line', (socket) => socket.write('HTTP/1.1 200', () => socket.resetAndDestroy())],
    ['is closed in the status line', (socket) => socket.end('HTTP/1.1 200 OK')],
    ['is closed after an interim answer', (socket) => socket.end('HTTP/1.1 102 Processing\r\n\r\n')],
    ['speaks no HTTP', (socket) => socket.write('220 mail.example ESMTP\r\n')],
    ['speaks garbage', (socket) => socket.write(Buffer.from('16030100020228', 'hex'))],
    ['speaks of another protocol', (socket) => socket.write('ICY 200 OK\r\n\r\n')],
    ['answers with a status of two digits', (socket) => socket.write('HTTP/1.1 20 OK\r\n\r\n')],
    ['answers with a status of four digits', (socket) => socket.write('HTTP/1.1 2000 OK\r\n\r\n')],
    ['answers with a status below 100', (socket) => socket.write('HTTP/1.1 000 None\r\n\r\n')],
    ['switches protocols, but does not say to which', (socket) => socket.write('HTTP/1.1 101 Up\r\n\r\n')],
    [
      'wants to switch protocols',
      (socket) => socket.write('HTTP/1.1 101 Up\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('ends when it %s', async (_what, behaviour) => {
    const result = await attempt(behaviour);
    expect(result.outcome).toBe('connection_reset');
    expect(result).not.toHaveProperty('responseCode');
    expect(result.responseText).not.toBe('');
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
  });

  it('ends when it is refused', async () => {
    const gone = await startFaultyReceiver(() => undefined);
    await gone.close();
    for (const host of ['127.0.0.1', 'localhost']) {
      const result = await sender().send(to(`http://${host}:${gone.port}`));
      expect(result).toMatchObject({ outcome: 'connection_reset', responseText: 'The connection was refused' });
    }
  });

  it('is made once when the connection was new', async () => {
    const { port, requests, connections } = await receiver((socket) => socket.resetAndDestroy());
    expect((await sender().send(to(`http://127.0.0.1:${port}`))).outcome).toBe('connection_reset');
    expect([requests.length, connections()]).toEqual([1, 1]);
  });

  it('comes back over a new connection', async () => {
    let times = 0;
    const { port } = await receiver((socket, request) => {
      if (++times === 2) socket.end('HTTP');
      else answering('200 OK')(socket, request);
    });
    const one = sender();
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push((await one.send(to(`http://127.0.0.1:${port}`))).outcome);
    expect(outcomes).toEqual(['delivered', 'connection_reset', 'delivered']);
  });
});

describe('An attempt over a kept connection', () => {
  /** Answers the first request over each connection, and does something else with later ones. */
  const onceFriendly = (otherwise: Behaviour): Behaviour => {
    const known = new WeakSet();
    return (socket, request) => {
      if (known.has(socket)) otherwise(socket, request);
      else answering('200 OK')(socket, request);
      known.add(socket);
    };
  };

  it.each<[string, Behaviour]>([
    ['resets it', (socket) => socket.resetAndDestroy()],
    ['closes it', (socket) => socket.destroy()],
    ['ends it', (socket) => socket.end()],
  ])('is made again at once over a new one when the receiver %s', async (_what, behaviour) => {
    const { port, requests, connections } = await receiver(onceFriendly(behaviour));
    const one = sender();
    const send = () => one.send(to(`http://127.0.0.1:${port}`));
    expect((await send()).outcome).toBe('delivered');
    const second = await send();
    expect(second).toMatchObject({ outcome: 'delivered', responseCode: 200 });
    expect(requests).toHaveLength(3);
    expect(connections()).toBe(2);
  });

  it('is made again over a new one although there are others that are kept', async () => {
    const { port, connections } = await receiver(onceFriendly((socket) => socket.destroy()));
    const one = sender();
    const send = () => one.send(to(`http://127.0.0.1:${port}`));
    await Promise.all([send(), send()]);
    expect(connections()).toBe(2);
    expect((await send()).outcome).toBe('delivered');
    expect(connections()).toBe(3);
  });

  it('is made again over TLS, too', async () => {
    const authority = await trustNewAuthority();
    closeAfterwards(() => {
      authority.forget();
    });
    dns.resolve('receiver.example', ['127.0.0.1']);
    const tls = await authority.certify('receiver.example');
    const { port, connections } = await receiver(
      onceFriendly((socket) => socket.destroy()),
      tls,
    );
    const one = sender();
    for (let i = 0; i < 2; i++) {
      expect((await one.send(to(`https://receiver.example:${port}`))).outcome).toBe('delivered');
    }
    expect(connections()).toBe(2);
  });

  it('is made again only once', async () => {
    let times = 0;
    const { port, requests } = await receiver((socket, request) => {
      if (++times === 1) answering('200 OK')(socket, request);
      else socket.resetAndDestroy();
    });
    const one = sender();
    const send = () => one.send(to(`http://127.0.0.1:${port}`));
    expect([(await send()).outcome, (await send()).outcome]).toEqual(['delivered', 'connection_reset']);
    expect(requests).toHaveLength(3);
  });

  it.each<[string, Behaviour, string]>([
    ['has begun to answer', (socket) => socket.end('HTTP'), 'connection_reset'],
    ['does not answer', () => undefined, 'timeout'],
  ])('is not made again when the receiver %s', async (_what, behaviour, outcome) => {
    const { port, requests } = await receiver(onceFriendly(behaviour));
    const one = sender();
    const send = () => one.send(to(`http://127.0.0.1:${port}`));
    expect([(await send()).outcome, (await send()).outcome]).toEqual(['delivered', outcome]);
    expect(requests).toHaveLength(2);
  });

  it('ends at the same deadline when it is made again', async () => {
    let times = 0;
    const { port } = await receiver((socket, request) => {
      if (++times === 1) answering('200 OK')(socket, request);
      else if (times === 2) setTimeout(() => socket.destroy(), 1_000);
    });
    const one = sender({ timeoutMs: DEADLINE_MS });
    const send = () => one.send(to(`http://127.0.0.1:${port}`));
    await send();
    const { outcome, durationMs } = await send();
    expect(outcome).toBe('timeout');
    expect(durationMs).toBeLessThan(1_000 + DEADLINE_MS);
  });
});

describe('An attempt at a receiver that speaks HTTP badly', () => {
  const OK = 'content-length: 2\r\n\r\nok';

  it.each([
    ['100 Continue, which nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${HEAD}${OK}`],
    ['102 Processing', `HTTP/1.1 102 Processing\r\n\r\n${HEAD}${OK}`],
    ['early hints, several times', `${'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(20)}${HEAD}${OK}`],
    ['an interim status that nobody knows', `HTTP/1.1 199 Odd\r\nx: y\r\n\r\n${HEAD}${OK}`],
    ['a folded header', `${HEAD}x: a\r\n b\r\n\tc\r\n${OK}`],
    [
      'a length along with chunks',
      `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
    ['line feeds alone', `HTTP/1.1 200 OK\ncontent-length: 2\n\nok`],
    ['no reason', `HTTP/1.1 200\r\n${OK}`],
    ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${OK}`],
    ['a version that there is not', `HTTP/1.7 200 OK\r\n${OK}`],
    ['a space before the colon', `${HEAD}content-length : 2\r\n\r\nok`],
    ['control characters in a header', `${HEAD}x: \x01\x7f\r\n${OK}`],
    ['letters beyond ASCII in a header', `${HEAD}x: \xe9\r\n${OK}`],
    ['empty lines first', `\r\n\r\n${HEAD}${OK}`],
  ])('understands %s', async (_what, text) => {
    const result = await attempt((socket) => socket.write(text, 'latin1'));
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200, responseText: 'ok' });
  });

  it.each([
    ['the same length twice', `${HEAD}content-length: 2\r\n${OK}`],
    ['two lengths', `${HEAD}content-length: 3\r\n${OK}`],
    ['a list of lengths', `${HEAD}content-length: 2, 2\r\n\r\nok`],
    ['no number for a length', `${HEAD}content-length: many\r\n\r\nok`],
    ['a negative length', `${HEAD}content-length: -1\r\n\r\nok`],
    ['a header without a name', `${HEAD}: x\r\n${OK}`],
    ['a header without a colon', `${HEAD}nonsense\r\n${OK}`],
    ['no header name', `${HEAD}x y(: z\r\n${OK}`],
    ['a header that is too long', `${HEAD}x: ${'y'.repeat(20 * KB)}\r\n${OK}`],
    ['carriage returns alone', `${HEAD}content-length: 2\r\rok`],
    ['the version of HTTP/2', `HTTP/2 200\r\n${OK}`],
    ['two spaces before the status', `HTTP/1.1  200 OK\r\n${OK}`],
    ['early hints before the fault', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${HEAD}nonsense\r\n${OK}`],
    ['a fault in early hints', `HTTP/1.1 103 Early Hints\r\nnonsense\r\n\r\n${HEAD}${OK}`],
  ])('goes by the status of an answer with %s', async (_what, text) => {
    const result = await attempt((socket) => socket.write(text, 'latin1'));
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200 });
    expect(result.responseText).toMatch(/^The answer has no complete body\. /);
    await expectHungUp();
  });

  it.each([
    ['410 Gone', 'gone', 410],
    ['503 Busy', 'refused', 503],
    ['302 Found', 'refused', 302],
  ])('goes by the status %s as well', async (status, outcome, responseCode) => {
    const text = `HTTP/1.1 ${status}\r\ncontent-length: 2\r\n${OK}`;
    expect(await attempt((socket) => socket.write(text))).toMatchObject({ outcome, responseCode });
  });

  it('waits as it is told in a folded header', async () => {
    const text = `HTTP/1.1 503 Busy\r\nretry-after:\r\n 7\r\n${OK}`;
    expect(await attempt((socket) => socket.write(text))).toMatchObject({ outcome: 'throttled', retryAfterMs: 7_000 });
  });

  it.each<[string, Behaviour]>([
    ['resets the connection', (socket) => socket.write(HEAD, () => socket.resetAndDestroy())],
    ['closes the connection', (socket) => socket.end(HEAD)],
    ['says no more', (socket) => socket.write(HEAD)],
    ['drips headers', endlessly(HEAD, 'x: y\r\n', 20)],
  ])('goes by the status when the receiver %s after it', async (_what, behaviour) => {
    const result = await attempt(behaviour, { timeoutMs: DEADLINE_MS });
    expect(result).toMatchObject({ outcome: 'delivered', responseCode: 200 });
    await expectHungUp();
  });

  it.each([
    ['a body where there is none', 'HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok', 204],
    ['no length', `${HEAD}\r\nok`, 200],
    ['a size of a chunk that is no number', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nok\r\n`, 200],
    ['a body that is no gzip', `${HEAD}content-encoding: gzip\r\n${OK}`, 200],
    ['a second answer', `${HEAD}${OK}HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n`, 200],
  ])('is delivered in spite of %s', async (_what, text, responseCode) => {
    expect(await attempt((socket) => socket.end(text))).toMatchObject({ outcome: 'delivered', responseCode });
  });
});
