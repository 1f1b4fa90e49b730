import { gzipSync } from 'node:zlib';
import { attempt, bytesRead, expectHungUp, KB, prepareAttempts, receiver, sender, to } from '#libs/testing/attempts.js';
import { answering, type Behaviour, endlessly, startFaultyReceiver } from '#libs/testing/faulty-receiver.js';

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
