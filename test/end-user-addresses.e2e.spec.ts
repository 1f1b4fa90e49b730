import { ALICE, countEvents, createEndUser, eventsOf, findEndUsers, getEndUser } from './support/end-users.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('An address of an end user', () => {
  it('is taken by one of 50 who ask for it at once', async () => {
    const api = await app.createTestOrganization();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        api.post('/v1/endusers', index % 2 ? { email: 'Race@x.example' } : { additionalEmails: ['race@X.example'] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(49).fill(400)]);
    const winner = answers.find(({ status }) => status === 201)?.body.data.id;
    for (const { status, body } of answers) if (status === 400) expect(body.message).toContain(winner);
    expect(await countEvents(app, api)).toBe(1);
    expect(await findEndUsers(api, 'email=race@x.example')).toEqual([winner]);
  });

  it('is taken once also by many who want several, in whatever order', async () => {
    const api = await app.createTestOrganization();
    const emails = ['a@x.example', 'b@x.example', 'c@x.example'];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const [email, ...additionalEmails] = emails.map((_, place) => emails[(index + place) % 3]);
        return api.post('/v1/endusers', { email, additionalEmails });
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(29).fill(400)]);
  });

  it('belongs to one end user of the organization, whatever field it is in', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    const other = await createEndUser(api);
    for (const [fields, reason] of [
      [{ email: 'ALICE@x.example' }, 'email alice@x.example'],
      [{ email: 'ali@x.example' }, 'email ali@x.example'],
      [{ additionalEmails: ['new@x.example', 'alice@x.example'] }, 'additionalEmails[1] alice@x.example'],
      [{ phoneNumber: '+45 70123457' }, 'phoneNumber +4570123457'],
      [{ additionalPhoneNumbers: ['+4570123456'] }, 'additionalPhoneNumbers[0] +4570123456'],
      [{ externalId: 'crm-1' }, 'externalId crm-1'],
    ] as const) {
      const path = reason.split(' ', 1)[0];
      for (const answer of [
        await api.post('/v1/endusers', fields),
        await api.patch(`/v1/endusers/${other.id}`, fields),
        await api.put(`/v1/endusers/${other.id}`, { displayName: 'x', ...fields }),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body.message).toBe(`Validation failure: ${reason} already belongs to end user ${id}`);
        expect(answer.body.faults).toEqual([{ path, message: `already belongs to end user ${id}` }]);
      }
    }
    expect(await countEvents(app, api)).toBe(2);
    expect(
      (await api.post('/v1/endusers', { email: 'alice@x.example', externalId: 'crm-1' })).body.faults,
    ).toHaveLength(2);
    await createEndUser(api, { externalId: 'CRM-1' });
    await createEndUser(await app.createTestOrganization(), ALICE);
  });

  it('can be the same text as one of another kind', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, { externalId: 'alice@x.example' });
    const other = await createEndUser(api, { email: 'alice@x.example' });
    expect(await findEndUsers(api, 'externalId=alice@x.example')).toEqual([id]);
    expect(await findEndUsers(api, 'email=alice@x.example')).toEqual([other.id]);
  });

  it('is free at once when it is given up', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    await api.patch(`/v1/endusers/${id}`, { additionalEmails: ['ali@x.example'], externalId: null });
    const other = await createEndUser(api, { email: 'alice@y.example', externalId: 'crm-1' });
    expect(await findEndUsers(api, 'email=alice@y.example')).toEqual([other.id]);
    expect(await findEndUsers(api, 'email=ali@x.example')).toEqual([id]);
  });

  it('moves from the additional ones to the primary', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    const answer = await api.patch(`/v1/endusers/${id}`, {
      email: 'ali@x.example',
      additionalEmails: ['alice@x.example'],
    });
    expect(answer.body.data).toMatchObject({ email: 'ali@x.example', additionalEmails: ['alice@x.example'] });
    for (const email of ['ali@x.example', 'alice@x.example'])
      expect(await findEndUsers(api, `email=${email}`)).toEqual([id]);
    expect(await findEndUsers(api, 'email=alice@y.example')).toEqual([]);
  });

  it('does not occur twice, also after a change was merged', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    for (const fields of [
      { email: 'alice@y.example' },
      { additionalEmails: ['ALICE@x.example'] },
      { additionalPhoneNumbers: ['+45 70123456'] },
      { phoneNumber: '+4570123457' },
    ]) {
      const answer = await api.patch(`/v1/endusers/${id}`, fields);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('must not contain an address twice');
    }
    expect((await api.post('/v1/endusers', { email: 'n@x.example', additionalEmails: ['N@x.example'] })).status).toBe(
      400,
    );
    expect(await eventsOf(app, id)).toHaveLength(1);
  });

  it('can be swapped with another end user while others read', async () => {
    const api = await app.createTestOrganization();
    const [one, two] = [
      await createEndUser(api, { email: 'one@x.example' }),
      await createEndUser(api, { email: 'two@x.example' }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.patch(`/v1/endusers/${index % 2 ? one.id : two.id}`, { email: index % 4 < 2 ? 'one@x.example' : null }),
      ),
    );
    expect(answers.filter(({ status }) => ![200, 400, 409].includes(status))).toEqual([]);
    const owners = (await Promise.all([getEndUser(api, one.id), getEndUser(api, two.id)])).filter(
      ({ email }) => email === 'one@x.example',
    );
    expect(await findEndUsers(api, 'email=one@x.example')).toEqual(owners.map(({ id }) => id));
    expect(owners.length).toBeLessThan(2);
  });
});
