import { randomUUID } from 'node:crypto';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { type ApiClient } from './api-client.js';
import { type TestApp } from './test-app.js';

/** An end user with every field. */
export const ALICE = {
  displayName: 'Alice Brown',
  email: 'alice@x.example',
  phoneNumber: '+4570123456',
  additionalEmails: ['alice@y.example', 'ali@x.example'],
  additionalPhoneNumbers: ['+4570123457'],
  firstName: 'Alice',
  lastName: 'Brown',
  middleNames: ['Marie', 'Marie'],
  avatarUrl: 'https://x.example/alice.png',
  externalId: 'crm-1',
  additionalExternalIds: ['crm-0'],
};
/** The fields that an end user always has. */
export const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };

export const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/);

/** A text attribute of end users. */
export const TEXT = { entityType: 'Contact', identifier: 'plan', label: 'Plan', inputDefinition: { _type: 'Text' } };

/** Creates an end user and returns it. */
export const createEndUser = (api: ApiClient, fields: object = {}): Promise<any> => api.create('/v1/endusers', fields);

export const getEndUser = async (api: ApiClient, id: string) => (await api.get(`/v1/endusers/${id}`)).body.data;

/** Returns the ids of the end users that a list with these filters has. */
export async function findEndUsers(api: ApiClient, query: string): Promise<string[]> {
  const { status, body } = await api.get(`/v1/endusers?${query}`);
  expect(status).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

/** Returns the types of an end user's events, in order. */
export async function eventsOf({ database }: TestApp, id: string): Promise<string[]> {
  const rows = await database.sql<{ type: string }>('SELECT type FROM events WHERE stream = $1 ORDER BY version', [
    `endUser-${id}`,
  ]);
  return rows.map(({ type }) => type);
}

/** Returns how many events the end users of an organization have. */
export async function countEvents({ database }: TestApp, { organizationId }: ApiClient): Promise<number> {
  const [row] = await database.sql<{ count: number }>(
    `SELECT count(*)::int FROM events WHERE organization_id = $1 AND stream LIKE 'endUser-%'`,
    [organizationId],
  );
  return row?.count as number;
}

/** Executes steps of an anonymization, without the worker that would take them. */
export async function anonymize(
  { runtime }: TestApp,
  { organizationId, actorId }: ApiClient,
  id: string,
  commands: ('RequestAnonymization' | 'Anonymize')[],
): Promise<void> {
  for (const type of commands) {
    await runtime.store.handle(endUserStream, id, { organizationId, actorId }, { type, id, requestId: randomUUID() });
  }
}
