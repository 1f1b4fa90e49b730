import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { createHome, killPostgres, startInstance, stop } from './support/instance.js';

const secret = () => randomBytes(16).toString('hex');

describe('The log of an instance at its most talkative', () => {
  it('holds none of the secrets that went through it, however things ended', async () => {
    const home = await createHome();
    const receiver = await startWebhookReceiver();
    const masterKey = randomBytes(32).toString('hex');
    const given = {
      password: secret(),
      token: secret(),
      header: secret(),
      query: secret(),
      idempotencyKey: secret(),
      foreignToken: secret() + secret(),
      cookie: secret(),
    };
    try {
      const instance = await startInstance(home, { LOG_LEVEL: 'trace', DESKSTREAM_MASTER_KEY: masterKey });
      const { api } = instance;
      receiver.answerWith(500, JSON.stringify(given));
      const input = {
        name: 'CRM',
        url: `${receiver.url}?key=${given.query}`,
        customHeaders: { 'X-Key': given.header },
      };
      const create = (attempt: string, authorization: object) =>
        api.send(
          'POST',
          '/v1/webhooks',
          { ...input, events: ['TagCreated'], authorization },
          {
            'idempotency-key': `${given.idempotencyKey}-${attempt}`,
            cookie: `session=${given.cookie}`,
          },
        );
      const someone = { _type: 'BasicAuth', username: 'someone', password: given.password };
      const basic = await create('first', someone);
      const { id, secretKey } = basic.body.data as { id: string; secretKey: string };
      expect((await create('first', someone)).body).toEqual(basic.body);
      const rotated = (await api.post(`/v1/webhooks/${id}/rotate-secret`)).body.data.secretKey as string;
      const issued = await api.create('/v1/tokens', { name: 'Shop', scopes: ['tags:read'] });
      const renewed = await api.create(`/v1/tokens/${issued.id}/rotate`, {});
      const bearer = { authorization: `Bearer ${renewed.secret}` };
      expect((await api.send('GET', '/v1/tags', undefined, bearer)).status).toBe(200);
      expect((await api.send('GET', '/v1/queues', undefined, bearer)).status).toBe(403);
      await api.patch(`/v1/webhooks/${id}`, { authorization: { _type: 'TokenAuth', value: given.token } });
      await api.createTag('VIP');
      await waitFor('an attempt to be logged', () => instance.output().includes(id));
      expect((await api.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' })).status).toBe(200);
      expect(receiver.received.at(-1)?.headers['x-key']).toBe(given.header);

      // Refused, malformed, and unlucky requests hold secrets as well.
      expect((await create('faulty', { ...someone, username: 5 })).status).toBe(400);
      expect((await api.send('POST', '/v1/webhooks', `{"password":"${given.password}"`)).status).toBe(400);
      const foreign = { authorization: `Bearer ${given.foreignToken}` };
      expect((await api.send('GET', `/v1/tags?token=${given.query}`, undefined, foreign)).status).toBe(401);
      let unlucky = 0;
      // The database comes back by itself, at times before anybody has missed it.
      await waitFor('a request to be unlucky', async () => {
        const [answer] = await Promise.all([create(`unlucky-${++unlucky}`, someone), killPostgres(home.dataDir)]);
        return answer.status === 503;
      });
      await stop(instance, 'SIGTERM');

      const passwords = JSON.parse(await readFile(join(home.dataDir, 'database.json'), 'utf8')) as Record<
        string,
        string
      >;
      const tokens = { apiToken: home.token, issued: issued.secret as string, renewed: renewed.secret as string };
      const secrets = { ...given, ...passwords, ...tokens, masterKey, secretKey, rotated };
      const log = instance.output();
      expect(log).toContain('The database is unavailable');
      expect(
        Object.entries(secrets)
          .filter(([, value]) => log.includes(value))
          .map(([name]) => name),
      ).toEqual([]);
    } finally {
      await receiver.close();
      await home.remove();
    }
  });
});
