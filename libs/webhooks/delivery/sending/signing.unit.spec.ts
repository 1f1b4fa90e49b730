import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { deliveryRequest } from './signing.js';

const KEY = '0f'.repeat(32);
const OLD_KEY = 'a1'.repeat(32);
const OLDER_KEY = 'b2'.repeat(32);
const BODY = '{"event_id":"e1","data":{"name":"☃"}}';
const SENT_AT = new Date();

function request(...previousSecrets: { secretKey: string; until: string }[]) {
  const secrets = {
    authorization: { _type: 'TokenAuth', value: 'Bearer x' } as const,
    customHeaders: { 'X-Tenant': 'acme' },
    secretKey: KEY,
    previousSecrets,
  };
  const receiver = { url: 'https://receiver.example/hook', subscriptionId: 's1', secrets };
  return deliveryRequest(receiver, { eventId: 'e1', body: BODY }, SENT_AT);
}

function verify(key: string, body: string, headers: Record<string, string>) {
  return new Webhook(Buffer.from(key, 'hex').toString('base64')).verify(body, headers);
}

function hosted(key: string, milliseconds: number) {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(`${milliseconds}.${BODY}`).digest('hex');
}

describe('The request of a delivery', () => {
  it('is verified by the standardwebhooks library', () => {
    const { headers } = request();
    expect(verify(KEY, BODY, headers)).toEqual(JSON.parse(BODY));
    expect(() => verify(KEY, BODY.replace('e1', 'e2'), headers)).toThrow();
    expect(() => verify(OLD_KEY, BODY, headers)).toThrow();
  });

  it('is verified by the scheme of the hosted API', () => {
    const { headers } = request();
    const time = SENT_AT.getTime();
    expect(headers['x-dixa-signature']).toBe(`t=${time},v1=${hosted(KEY, time)}`);
    expect(headers['x-dixa-subscription-id']).toBe('s1');
  });

  it('is verified with each key that counts, and with none whose time is over', () => {
    const [soon, over] = [SENT_AT.getTime() + 1, SENT_AT.getTime()].map((ms) => new Date(ms).toISOString());
    const { headers } = request(
      { secretKey: OLD_KEY, until: soon as string },
      { secretKey: OLDER_KEY, until: soon as string },
      { secretKey: 'ee'.repeat(32), until: over as string },
    );
    for (const key of [KEY, OLD_KEY, OLDER_KEY]) expect(verify(key, BODY, headers)).toBeDefined();
    const time = SENT_AT.getTime();
    const signatures = [KEY, OLD_KEY, OLDER_KEY].map((key) => `v1=${hosted(key, time)}`);
    expect(headers['x-dixa-signature']).toBe([`t=${time}`, ...signatures].join(','));
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(3);
  });

  it('holds the body as it is stored, and the headers of the subscription', () => {
    expect(request()).toMatchObject({
      url: 'https://receiver.example/hook',
      body: BODY,
      headers: {
        Authorization: 'Bearer x',
        'X-Tenant': 'acme',
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        'webhook-id': 'e1',
        'webhook-timestamp': String(Math.floor(SENT_AT.getTime() / 1000)),
      },
    });
  });
});
