import { type TlsOptions, type TLSSocket } from 'node:tls';
import {
  bytesRead,
  closeAfterwards,
  dns,
  expectHungUp,
  KB,
  optionsOf,
  prepareAttempts,
  receiver,
  sender,
  sockets,
  to,
} from '#libs/testing/attempts.js';
import { answering, endlessly } from '#libs/testing/faulty-receiver.js';
import { type Authority, certifyOneself, type KeyAndCertificate, trustNewAuthority } from '#libs/testing/tls.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { Sender } from './attempt.js';
import { SsrfGuard } from './ssrf-guard.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';

prepareAttempts();

describe('An attempt over TLS', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await trustNewAuthority();
    dns.resolve('receiver.example', ['127.0.0.1']);
    dns.resolve('receiver.example.', ['127.0.0.1']);
  });
  afterAll(() => {
    authority.forget();
  });
  const send = async (tls: TlsOptions, behaviour = answering('200 OK', {}, 'ok')) => {
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
    closeAfterwards(() => plain.close());
    const result = await sender().send(to(plain.url.replace('http:', 'https:')));
    expect(result).toMatchObject({ outcome: 'tls_error', responseText: 'No TLS connection: wrong version number' });
    expect(plain.received).toEqual([]);
  });

  it.each(['receiver.example', 'receiver.example.'])('names %s without a dot at its end', async (name) => {
    const names: unknown[] = [];
    const { result, port } = await send(await authority.certify('receiver.example'), (socket, request) => {
      names.push((socket as TLSSocket).servername);
      answering('200 OK')(socket, request);
    });
    expect(result.outcome).toBe('delivered');
    expect((await sender().send(to(`https://${name}:${port}`))).outcome).toBe('delivered');
    expect(names).toEqual(['receiver.example', 'receiver.example']);
  });

  it.each<[string, TlsOptions, string]>([
    ['wants a certificate of ours, in TLS 1.3', { requestCert: true }, 'certificate required'],
    ['wants a certificate of ours, in TLS 1.2', { requestCert: true, maxVersion: 'TLSv1.2' }, 'handshake failure'],
    ['speaks TLS 1.1 alone', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }, 'version'],
    ['has no cipher in common', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, 'failure'],
  ])('ends when the receiver %s', async (_what, options, reason) => {
    const { result, requests } = await send({ ...(await authority.certify('receiver.example')), ...options });
    expect(result).toMatchObject({ outcome: 'tls_error' });
    expect(result.responseText).toContain(reason);
    expect(requests).toEqual([]);
  });

  it('ends after 5 seconds without a connection, when an attempt has longer', async () => {
    const mute = await receiver(() => undefined);
    const result = await sender().send(to(`https://127.0.0.1:${mute.port}`));
    expect(result).toMatchObject({ outcome: 'timeout', responseText: 'No connection within 5 s' });
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
  });

  it('ends at the deadline when its name servers are slow, and sends nothing after it', async () => {
    dns.resolve('slow.example', 'silence');
    const { port, requests, connections, open } = await receiver(answering('200 OK'));
    const result = await sender({ timeoutMs: 300 }).send(to(`http://slow.example:${port}`));
    expect(result.outcome).toBe('timeout');
    dns.resolve('slow.example', ['127.0.0.1']);
    await waitFor('the connection is there, and closed', () => connections() === 1 && open() === 0);
    expect(requests).toEqual([]);
  });

  it('ends before the deadline when its name servers do not answer at all', async () => {
    dns.resolve('silent.example', 'silence');
    const result = await sender().send(to('https://silent.example'));
    expect(result.outcome).toBe('dns_error');
    expect(result.responseText).toContain('do not answer in time');
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
      responseText: expect.stringMatching(/^Not sent: the URL points to \S+, which (is|has) a [a-z-]+ address; /),
    });
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
    class Forgetful extends SsrfGuard {
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
