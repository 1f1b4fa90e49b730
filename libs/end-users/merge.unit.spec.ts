import { accepted, DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { type EndUser, type EndUserEvent, evolveEndUser, mergedAway } from './end-user.rules.js';
import { decideMerge } from './merge.rules.js';

const sourceId = '01980f70-1a2b-7c3d-8e4f-506172839405';
const targetId = '01980f70-1a2b-7c3d-8e4f-506172839406';
const createdAt = '2026-03-14T09:26:53.589Z';
const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };

const someone = (id: string, fields: Partial<EndUser> = {}): EndUser => ({
  id,
  createdAt,
  ...NOBODY,
  customAttributes: {},
  ...fields,
});

/** Returns the events of a merge, and the other end user after it. */
function merging(source: EndUser | undefined, target: EndUser | undefined) {
  const merge = accepted(decideMerge(sourceId, source, targetId, target));
  const [merged, ...more] = merge.target as [Extract<EndUserEvent, { type: 'EndUserMerged' }>];
  expect(more).toEqual([]);
  return { merge, merged, after: evolveEndUser(target, merged) };
}

const refusal = (source: EndUser | undefined, target: EndUser | undefined) =>
  decideMerge(sourceId, source, targetId, target);

describe('Merging an end user into another one', () => {
  it('is recorded of both', () => {
    const { merge } = merging(someone(sourceId), someone(targetId));
    expect(merge).toEqual({
      source: [{ type: 'EndUserMergedInto', data: { id: sourceId, intoId: targetId } }],
      target: [{ type: 'EndUserMerged', data: { id: targetId, mergedId: sourceId, changes: {}, values: {} } }],
    });
  });

  it('gives the other what it lacks', () => {
    const fields = {
      ...{
        displayName: 'Alice',
        firstName: 'Al',
        lastName: 'Brown',
        middleNames: ['M'],
        avatarUrl: 'https://x.example',
      },
      email: 'a@x.example',
      phoneNumber: '+4570123456',
      externalId: 'crm-1',
      ...{
        additionalEmails: ['b@x.example'],
        additionalPhoneNumbers: ['+4570123457'],
        additionalExternalIds: ['crm-2'],
      },
      customAttributes: { plan: 'gold' },
    };
    expect(merging(someone(sourceId, fields), someone(targetId)).after).toEqual(someone(targetId, fields));
  });

  it('leaves the other what it has, and makes addresses and external ids additional ones', () => {
    const source = someone(sourceId, {
      ...{
        displayName: 'Alice',
        firstName: 'Al',
        middleNames: ['M'],
        email: 'a@x.example',
        phoneNumber: '+4570123456',
      },
      externalId: 'crm-1',
      additionalEmails: ['b@x.example'],
      additionalExternalIds: ['crm-2'],
      customAttributes: { plan: 'gold', tier: ['business', 'one'] },
    });
    const target = someone(targetId, {
      displayName: 'A. Brown',
      middleNames: ['Marie'],
      email: 'c@x.example',
      phoneNumber: '+4570123458',
      externalId: 'crm-3',
      additionalEmails: ['d@x.example'],
      customAttributes: { plan: 'silver' },
    });
    const { merged, after } = merging(source, target);
    expect(merged.data.changes).toEqual({
      firstName: 'Al',
      additionalEmails: ['d@x.example', 'a@x.example', 'b@x.example'],
      additionalPhoneNumbers: ['+4570123456'],
      additionalExternalIds: ['crm-1', 'crm-2'],
    });
    expect(merged.data.values).toEqual({ tier: ['business', 'one'] });
    expect(after).toMatchObject({
      displayName: 'A. Brown',
      firstName: 'Al',
      middleNames: ['Marie'],
      email: 'c@x.example',
      customAttributes: { plan: 'silver', tier: ['business', 'one'] },
    });
  });

  it('is refused when a list would become too long', () => {
    const emails = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => `${from + index}@x.example`);
    const source = someone(sourceId, { email: 'a@x.example', additionalEmails: emails(0, 10) });
    expect(merging(source, someone(targetId, { additionalEmails: emails(10, 10) })).after).toMatchObject({
      email: 'a@x.example',
    });
    const message = 'of the two together must have at most 20 items';
    const fault = invalidBody([{ path: 'additionalEmails', message }]);
    expect(refusal(source, someone(targetId, { email: 'c@x.example', additionalEmails: emails(10, 10) }))).toEqual(
      fault,
    );
  });

  it('needs two end users who are there', () => {
    const [source, target] = [someone(sourceId), someone(targetId)];
    expect(refusal(undefined, target)).toEqual(notFound('End user', sourceId));
    expect(refusal(source, undefined)).toEqual(notFound('End user', targetId));
    expect(refusal(someone(sourceId, { mergedInto: targetId }), target)).toEqual(mergedAway(sourceId, targetId));
    expect(refusal(source, someone(targetId, { mergedInto: sourceId }))).toEqual(mergedAway(targetId, sourceId));
    expect(decideMerge(sourceId, source, sourceId, source)).toEqual(
      invalidBody([{ path: 'intoId', message: 'must be another end user' }]),
    );
  });

  it.each(['requested', 'done'] as const)('is refused when the anonymization of either is %s', (anonymization) => {
    const state = anonymization === 'done' ? 'is anonymized' : 'is about to be anonymized';
    expect(refusal(someone(sourceId, { anonymization }), someone(targetId))).toEqual(
      new DomainError('conflict', `End user ${sourceId} ${state}`),
    );
    expect(refusal(someone(sourceId), someone(targetId, { anonymization }))).toEqual(
      new DomainError('conflict', `End user ${targetId} ${state}`),
    );
  });
});
