import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { type DnsServer, startDnsServer } from '#libs/testing/dns-server.js';
import { type WebhookOptions } from '../../webhooks.settings.js';
import { SsrfGuard } from './ssrf-guard.js';

function policy(options: Partial<WebhookOptions> = {}): SsrfGuard {
  return new SsrfGuard({
    timeoutMs: 1_000,
    retrySchedule: [],
    allowedNetworks: [],
    allowedPorts: [80, 443],
    dnsServers: [],
    retentionDays: 1,
    deliveryRetentionDays: 1,
    ...options,
  });
}

const NOT_PUBLIC = expect.stringMatching(
  /^points to \S+, which (is|has) a (private|loopback|link-local|non-public) address; the operator can allow it with WEBHOOK_ALLOWED_NETWORKS$/,
) as unknown;

describe('A URL of a receiver', () => {
  it.each([
    ['example.com', 'must begin with http:// or https://'],
    ['http://', 'is not a valid URL'],
    ['http://1.2.3.4.5', 'is not a valid URL'],
    ['http://[fe80::1%25eth0]', 'is not a valid URL'],
    ['ftp://example.com', 'http:// or https://'],
    ['javascript:alert(1)', 'http:// or https://'],
    ['file:///etc/passwd', 'http:// or https://'],
    ['https://user:pw@example.com', 'credentials'],
    ['https://user@example.com', 'credentials'],
    ['https://:pw@example.com', 'credentials'],
    ['https://example.com:22', 'allowed ports (80, 443)'],
    ['https://example.com:0', 'allowed ports'],
    ['http://93.184.215.14:25', 'allowed ports'],
  ])('is refused when it is %s', (url, fault) => {
    expect(policy().faultOf(url)).toContain(fault);
  });

  it.each([
    ['https://example.com/hook?x=1'],
    ['http://example.com:443'],
    ['http://93.184.215.14'],
    ['https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]'],
    ['http://[::ffff:93.184.215.14]'],
    // Names that begin like addresses.
    ['http://127.0.0.1.example.com'],
  ])('may be %s', (url) => {
    expect(policy().faultOf(url)).toBeUndefined();
  });

  it.each([
    ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f.1', '0x7f000001', '0177.0.0.1', '017700000001'],
    ...['①②⑦.⓪.⓪.①', '127。0。0。1', '127.0.0.1.', '%31%32%37.0.0.1', '127.255.255.254', '０x7f.1'],
    ...['0.0.0.0', '0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ...['100.64.0.1', '100.100.100.200', '169.254.169.254', '169.254.170.2', '2852039166', '168.63.129.16'],
    ...['192.0.0.192', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1'],
    ...['240.0.0.1', '255.255.255.255'],
    ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:a9fe:a9fe]'],
    ...['[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[64:ff9b::127.0.0.1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]'],
    ...['[2001:0:7f00:1::]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]'],
    ...['[100::1]', '[2001:2::1]', '[2001:db8::1]', '[3fff::1]', '[5f00::1]', '[4000::1]', '[1::1]'],
  ])('is refused when it points to %s', (host) => {
    expect(policy().faultOf(`http://${host}/hook`)).toEqual(NOT_PUBLIC);
    expect(policy().faultOf(`https://${host}/hook`)).toEqual(NOT_PUBLIC);
  });

  it.each([
    ['http://10.0.0.5', 'points to 10.0.0.5, which is a private address'],
    ['http://[fd00::5]', 'points to fd00::5, which is a private address'],
    ['http://0x7f.1', 'points to 127.0.0.1, which is a loopback address'],
    ['http://169.254.169.254', 'points to 169.254.169.254, which is a link-local address'],
    ['http://240.0.0.1', 'points to 240.0.0.1, which is a non-public address'],
  ])('is told where it points to, and who can allow that: %s', (url, fault) => {
    expect(policy().faultOf(url)).toBe(`${fault}; the operator can allow it with WEBHOOK_ALLOWED_NETWORKS`);
  });

  it('may point into a network that the operator allows, to any port', () => {
    const allowing = policy({ allowedNetworks: ['10.1.0.0/16', 'fd00::/8'] });
    expect(allowing.faultOf('http://10.1.2.3:9')).toBeUndefined();
    expect(allowing.faultOf('http://[::ffff:10.1.2.3]:9')).toBeUndefined();
    expect(allowing.faultOf('http://[fd12::1]:9')).toBeUndefined();
    expect(allowing.faultOf('http://10.2.0.1')).toEqual(NOT_PUBLIC);
    expect(allowing.faultOf('http://[fe80::1]')).toEqual(NOT_PUBLIC);
    expect(allowing.faultOf('http://93.184.215.14:9')).toContain('allowed ports');
  });
});

describe('The check of a URL with a name', () => {
  let dns: DnsServer;
  const check = (url: string, options: Partial<WebhookOptions> = {}) =>
    policy({ dnsServers: [dns.address], ...options }).check(url);

  beforeAll(async () => {
    dns = await startDnsServer();
    dns.resolve('public.example', ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c']);
    dns.resolve('private.example', ['10.0.0.1']);
    dns.resolve('mixed.example', ['93.184.215.14', '10.0.0.1']);
    dns.resolve('six.example', ['93.184.215.14', '::1']);
    dns.resolve('mapped.example', ['::ffff:169.254.169.254']);
    dns.resolve('broken.example', 'SERVFAIL');
    dns.resolve('silent.example', 'silence');
  });
  afterAll(() => dns.close());

  it.each([
    ...[
      'https://public.example/a b',
      'https://public.example/a\tb',
      'https://public.example/a\nb',
      'https://pub\nlic.example',
    ],
    ...[
      'https://public.example\\hook',
      'https:\\\\public.example',
      'https://public.example/a\u00a0b',
      '\thttps://public.example',
    ],
    ...[
      'https://pub\u00adlic.example',
      'https://pub\u200blic.example',
      'https://public.example/\u202e',
      'ht\ntps://public.example',
    ],
  ])('refuses %j, of which a part would be dropped', async (url) => {
    expect(await check(url)).toContain('white space, control characters or backslashes');
  });

  it.each(['https:public.example', 'https:/public.example', 'https:///public.example', 'https:////public.example'])(
    'refuses %s, which has no host where it should be',
    async (url) => {
      expect(await check(url)).toContain('two slashes and a host');
    },
  );

  it.each(['https://@public.example', 'https://:@public.example', 'https://a:b@public.example/'])(
    'refuses %s, which has credentials',
    async (url) => {
      expect(await check(url)).toContain('must not contain credentials');
    },
  );

  it.each([
    ...[
      'HTTPS://PUBLIC.example',
      'https://public.example:443',
      'https://public.example?a@b',
      'https://public.example/a@b',
    ],
    ...[
      'https://public.example/ü?q=☃',
      'https://public.example/%20',
      'https://müller.example',
      'https://public.example/#part',
    ],
  ])('passes %s', async (url) => {
    expect(await check(url)).toBeUndefined();
  });

  it('passes one with public addresses only', async () => {
    expect(await check('https://public.example')).toBeUndefined();
    expect(await check('https://93.184.215.14')).toBeUndefined();
  });

  it.each(['private.example', 'mixed.example', 'six.example', 'mapped.example', 'PRIVATE.example', 'localhost'])(
    'refuses %s, which has an address that is not public',
    async (name) => {
      expect(await check(`https://${name}`)).toEqual(NOT_PUBLIC);
      expect(await check(`https://${name}`)).toContain(`points to ${name.toLowerCase()}, which has a `);
    },
  );

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'receiver.localhost', 'receiver.localhost.'])(
    'takes %s for this machine, and asks nobody',
    async (name) => {
      const asked = dns.questions.length;
      expect(await check(`http://${name}:4000`)).toContain('allowed ports');
      expect(await check(`http://${name}`)).toEqual(NOT_PUBLIC);
      expect(await check(`http://${name}:4000`, { allowedNetworks: ['127.0.0.0/8', '::1/128'] })).toBeUndefined();
      expect(dns.questions).toHaveLength(asked);
    },
  );

  it('judges the port of a name by its addresses when networks are allowed', async () => {
    const allowedNetworks = ['10.0.0.0/24'];
    expect(await check('http://private.example:9', { allowedNetworks })).toBeUndefined();
    expect(await check('http://public.example:9', { allowedNetworks })).toContain('allowed ports');
    expect(await check('http://mixed.example:9', { allowedNetworks })).toContain('allowed ports');
  });

  it.each(['unknown.example', 'broken.example'])('passes %s, which cannot be resolved', async (name) => {
    expect(await check(`https://${name}`)).toBeUndefined();
  });

  it('passes a name that nobody resolves in time', async () => {
    expect(await check('https://silent.example')).toBeUndefined();
  });

  it('finds what the system knows by itself, such as its own name', async () => {
    const known = await lookup(hostname()).catch(() => undefined);
    expect(await check(`https://${hostname()}`, { dnsServers: [] })).toEqual(known && NOT_PUBLIC);
  });
});
