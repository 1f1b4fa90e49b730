import { Agent } from 'undici';
import { attempt } from './attempt.js';
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { pauseAfter } from './retry-schedule.js';
import { signatureHeaders } from './signing.js';

describe('A signature', () => {
  const secretKey = '0f'.repeat(32);
  const body = '{"event_id":"e1","data":{"name":"☃"}}';
  const sentAt = new Date();
  const headers = signatureHeaders({ eventId: 'e1', subscriptionId: 's1', body, secretKey, sentAt });

  it('is verified by the standardwebhooks library', () => {
    const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
    expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => webhook.verify(body.replace('e1', 'e2'), headers)).toThrow();
  });

  it('is verified by the scheme of the hosted API', () => {
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['x-dixa-signature'] as string) as string[];
    expect(Number(time)).toBe(sentAt.getTime());
    expect(createHmac('sha256', Buffer.from(secretKey, 'hex')).update(`${time}.${body}`).digest('hex')).toBe(signature);
    expect(headers['x-dixa-subscription-id']).toBe('s1');
  });
});

describe('The pause after a failed attempt', () => {
  it('grows over about 28 hours, then there is no further attempt', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempts) => pauseAfter([5000], attempts, 0) as number);
    expect(pauses.map((ms) => ms / 1000)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000]);
    expect(pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000).toBeCloseTo(27.6, 1);
    expect(pauseAfter([5000], 8, 0)).toBeUndefined();
  });

  it('is stretched at random, never shortened', () => {
    expect(pauseAfter([5000], 1, 1)).toBe(5_500);
    for (let i = 0; i < 100; i++) expect(pauseAfter([5000], 2)).toBeGreaterThanOrEqual(300_000);
  });
});

describe('An attempt', () => {
  it('ends in time also when the name of the receiver is never resolved', async () => {
    const agent = new Agent({ connect: { lookup: () => undefined, timeout: 60_000 } });
    const result = await attempt(agent, { url: 'http://receiver.example', headers: {}, body: '{}' }, 50);
    expect(result).toMatchObject({ outcome: 'timeout', responseCode: undefined });
    await agent.destroy();
  });
});
