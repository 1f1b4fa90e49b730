import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { dumpOf } from './support/dump.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let id: number;

beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  id = (await api.create('/v1/conversations', emailFrom(team.userId, { language: 'en' }))).id;
});

const path = (rest = '') => `/v1/conversations/${id}/ratings${rest}`;
const ratings = async () => (await api.get(path())).body.data;
const offer = (more: object = {}) =>
  api.post(path('/offer'), { agentId: team.agentId, userId: team.userId, ratingType: 'Csat', ...more });
const submit = (ratingId: string, value: unknown, more: object = {}) =>
  api.post(path(`/${ratingId}/submit`), { ratingResult: { _type: 'Csat', value }, ...more });

describe('A rating of a conversation', () => {
  it('is offered, submitted and listed', async () => {
    expect(await ratings()).toEqual([]);
    const offered = await offer();
    const ratingId = offered.body.data.id;
    expect(offered).toMatchObject({
      status: 200,
      body: { data: { agentId: team.agentId, userId: team.userId, ratingType: 'Csat' } },
    });
    const open = {
      id: ratingId,
      agentId: team.agentId,
      userId: team.userId,
      conversationChannel: 'Email',
      language: 'en',
      ratingType: 'Csat',
      ratingStatus: 'Offered',
      timestamps: { Offered: offered.body.data.offeredAt },
    };
    expect(await ratings()).toEqual([open]);
    const submitted = await submit(ratingId, 5, { comment: 'That was quick!' });
    expect(submitted).toMatchObject({
      status: 200,
      body: {
        data: { ratingId, ratingResult: { _type: 'Csat', value: 5 }, comment: 'That was quick!', userId: team.userId },
      },
    });
    const done = {
      ...open,
      ratingStatus: 'Rated',
      ratingScore: 5,
      ratingComment: 'That was quick!',
      timestamps: { ...open.timestamps, Rated: submitted.body.data.submittedAt },
    };
    expect(await ratings()).toEqual([done]);
    expect((await api.get(`/v1/conversations/${id}/rating`)).body.data).toEqual([done]);
    expect((await submit(ratingId, 5)).body).toEqual(submitted.body);
    expect((await submit(ratingId, 4)).status).toBe(409);
  });

  it('is refused with the reason when it is none', async () => {
    const nobody = randomUUID();
    const reasonOf = ({ status, body }: { status: number; body: any }) => [status, body.message];
    expect(reasonOf(await offer({ agentId: nobody }))).toEqual([404, `Agent ${nobody} could not be found`]);
    for (const [more, reason] of [
      [{ userId: nobody }, `userId must be the end user of the conversation, ${team.userId}`],
      [{ ratingType: 'Stars' }, 'ratingType must be one of: Csat, Nps, ThumbsUpOrDown'],
      [{ offeredAt: '2099-01-01T00:00:00Z' }, 'offeredAt must not be in the future'],
    ] as const) {
      expect(reasonOf(await offer(more))).toEqual([400, expect.stringContaining(reason)]);
    }
    const { id: ratingId } = (await offer()).body.data;
    for (const value of [0, 6, 1.5, '5', null]) {
      expect(reasonOf(await submit(ratingId, value))).toEqual([400, expect.stringContaining('from 1 to 5')]);
    }
    expect(reasonOf(await submit(ratingId, 5, { ratingResult: { _type: 'Nps', value: 5 } }))).toEqual([
      400,
      expect.stringContaining('ratingResult._type must be Csat'),
    ]);
    expect(reasonOf(await submit(nobody, 5))).toEqual([404, `Rating ${nobody} could not be found`]);
    expect((await api.get('/v1/conversations/999999/ratings')).status).toBe(404);
    expect((await (await app.createTestOrganization()).get(path())).status).toBe(404);
  });

  it('is delivered to subscribers, and tells in the activity log who rated whom', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['ConversationRated']);
    const { id: ratingId } = (await offer()).body.data;
    await submit(ratingId, 4, { comment: 'Fine' });
    await waitFor('the delivery', () => receiver.received.length === 1);
    expect(receiver.received[0]?.payload.data).toMatchObject({
      author: { id: team.userId, user_type: 'Contact' },
      rating: { id: ratingId, type: 'CSAT', score: 4, comment: 'Fine', agent: { id: team.agentId } },
    });
    const entries = (await api.get(`/v1/conversations/${id}/activitylog`)).body.data.slice(-2);
    expect(entries).toMatchObject([
      { _type: 'ConversationRatingOffered', attributes: { agent: { name: 'bob' }, user: { name: 'Alice' } } },
      {
        _type: 'ConversationRated',
        attributes: { agent: { name: 'bob' }, score: 4, message: 'Fine' },
        author: { id: team.userId },
      },
    ]);
    await receiver.close();
  });

  it('is by the end user whom the one that it was offered to has been merged into', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['ConversationRated']);
    const { id: ratingId } = (await offer()).body.data;
    const { id: intoId } = await api.create('/v1/endusers', { displayName: 'Alicia' });
    await api.post(`/v1/endusers/${team.userId}/merge`, { intoId });
    const refused = await submit(ratingId, 5, { userId: team.agentId });
    expect(refused.body.message).toContain(`userId must be the end user of the conversation, ${intoId}`);
    expect((await submit(ratingId, 5, { userId: team.userId })).body.data.userId).toBe(intoId);
    expect(await ratings()).toMatchObject([{ id: ratingId, userId: intoId }]);
    await waitFor('the delivery', () => receiver.received.length === 1);
    expect(receiver.received[0]?.payload.data).toMatchObject({ author: { id: intoId, name: 'Alicia' } });
    await receiver.close();
  });

  it('has one score, by however many it is submitted at the same time', async () => {
    const { id: ratingId } = (await offer()).body.data;
    const answers = await Promise.all([1, 2, 3, 4, 5].map((value) => submit(ratingId, value)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    const accepted = answers.find(({ status }) => status === 200)?.body.data;
    expect(await ratings()).toMatchObject([{ ratingScore: accepted.ratingResult.value }]);
  });

  it('belongs to one conversation of one organization', async () => {
    const { id: ratingId } = (await offer()).body.data;
    const result = { ratingResult: { _type: 'Csat', value: 5 } };
    const stranger = await app.createTestOrganization();
    expect((await stranger.post(path(`/${ratingId}/submit`), result)).status).toBe(404);
    const { id: otherId } = await api.create('/v1/conversations', emailFrom(team.userId));
    expect((await api.post(`/v1/conversations/${otherId}/ratings/${ratingId}/submit`, result)).status).toBe(404);
    expect(await ratings()).toMatchObject([{ ratingStatus: 'Offered' }]);
  });

  it('loses its comment, not its score, everywhere when the conversation is anonymized', async () => {
    const receiver = await startWebhookReceiver();
    const { id: subscriptionId } = await api.subscribe(receiver.url, ['ConversationRated']);
    const { id: ratingId } = (await offer()).body.data;
    const result = { ratingResult: { _type: 'Csat', value: 2 }, comment: 'My card ends with 4242' };
    await api.send('POST', path(`/${ratingId}/submit`), result, { 'idempotency-key': randomUUID() });
    await waitFor('the delivery', () => receiver.received.length === 1);
    const history = async () => JSON.stringify((await api.get(`/v1/conversations/${id}/history`)).body);
    expect(await history()).toContain('card ends with');

    const { id: requestId } = (await api.patch(`/v1/conversations/${id}/anonymize?force=true`)).body.data;
    expect((await offer()).status).toBe(409);
    await waitFor('the anonymization', async () => {
      const { body } = await api.get(`/v1/anonymization/request/${requestId}`);
      return body.data.processedAt !== undefined;
    });
    const [rating] = await ratings();
    expect(rating).toMatchObject({ ratingScore: 2 });
    expect(rating).not.toHaveProperty('ratingComment');
    const logs = `/v1/webhooks/${subscriptionId}/delivery-status/logs/ConversationRated`;
    const seen = [
      await history(),
      JSON.stringify((await api.get('/v1/events?pageLimit=200')).body),
      JSON.stringify((await api.get(logs)).body),
      await dumpOf((text) => app.database.sql(text)),
    ];
    for (const text of seen) expect(text).not.toContain('card ends with');
    expect((await offer()).status).toBe(409);
    await receiver.close();
  });
});
