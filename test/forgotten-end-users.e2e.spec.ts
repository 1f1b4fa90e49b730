import { randomUUID } from 'node:crypto';
import { endUserIsOpen, requesterById } from '#libs/end-users/end-user.published.js';
import { ALICE, anonymize, createEndUser, eventsOf, getEndUser, INSTANT, NOBODY, TEXT } from './support/end-users.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('An end user that is forgotten', () => {
  it('keeps its id and nothing else, and its addresses are free', async () => {
    const api = await app.createTestOrganization();
    const attribute = await api.create('/v1/custom-attributes', TEXT);
    const { id, createdAt } = await createEndUser(api, ALICE);
    await api.patch(`/v1/endusers/${id}/custom-attributes`, { [attribute.id]: 'x' });
    await anonymize(app, api, id, ['RequestAnonymization']);
    expect(await getEndUser(api, id)).toMatchObject(ALICE);
    await expect(anonymize(app, api, id, ['RequestAnonymization'])).rejects.toMatchObject({ kind: 'conflict' });
    await anonymize(app, api, id, ['Anonymize', 'Anonymize']);
    const nobody = { id, createdAt, updatedAt: INSTANT, ...NOBODY };
    expect(await getEndUser(api, id)).toEqual({ ...nobody, customAttributes: [] });
    expect((await api.get('/v1/endusers')).body.data).toEqual([nobody]);
    expect((await eventsOf(app, id)).slice(2)).toEqual(['EndUserAnonymizationRequested', 'EndUserAnonymized']);
    expect(await createEndUser(api, ALICE)).toMatchObject(ALICE);
  });

  it.each([[['RequestAnonymization'] as const], [['RequestAnonymization', 'Anonymize'] as const]])(
    'does not change any more after %j',
    async (commands) => {
      const api = await app.createTestOrganization();
      const attribute = await api.create('/v1/custom-attributes', TEXT);
      const { id } = await createEndUser(api, ALICE);
      await anonymize(app, api, id, [...commands]);
      const before = await eventsOf(app, id);
      for (const answer of [
        await api.patch(`/v1/endusers/${id}`, { displayName: 'x' }),
        await api.put(`/v1/endusers/${id}`, { displayName: 'x' }),
        await api.patch(`/v1/endusers/${id}/custom-attributes`, { [attribute.id]: 'x' }),
      ]) {
        expect(answer.status).toBe(409);
        expect(answer.body.message).toMatch(/anonymized$/);
      }
      expect(await eventsOf(app, id)).toEqual(before);
    },
  );

  it('does not change either when that comes at the same time', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await createEndUser(api, ALICE);
    const patches = Array.from({ length: 10 }, (_, index) =>
      api.patch(`/v1/endusers/${id}`, { firstName: `${index}` }),
    );
    await anonymize(app, api, id, ['Anonymize']).catch(() => anonymize(app, api, id, ['Anonymize']));
    const statuses = (await Promise.all(patches)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect(await getEndUser(api, id)).toEqual({ id, createdAt, updatedAt: INSTANT, ...NOBODY, customAttributes: [] });
  });

  it('is closed to those who begin something with it', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    const isOpen = (userId: string, organizationId = api.organizationId) =>
      app.runtime.database.write(organizationId, [endUserIsOpen(organizationId, userId)]);
    const requester = () => app.runtime.database.query(api.organizationId, requesterById(api.organizationId, id));
    const { displayName, email, phoneNumber } = ALICE;
    const row = { id, displayName, email, phoneNumber };
    expect(await requester()).toEqual([{ ...row, anonymizationRequested: false }]);
    await expect(isOpen(id)).resolves.toBeUndefined();
    await expect(isOpen(randomUUID())).rejects.toMatchObject({ code: 'DS001' });
    await expect(isOpen(id, randomUUID())).rejects.toMatchObject({ code: 'DS001' });
    await anonymize(app, api, id, ['RequestAnonymization']);
    expect(await requester()).toEqual([{ ...row, anonymizationRequested: true }]);
    await expect(isOpen(id)).rejects.toMatchObject({ code: 'DS001' });
  });
});
