import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {
  CATALOGUE,
  EVENT_NAMES,
  faultOfEventName,
  filterFieldsOf,
  PRODUCED_EVENT_NAMES,
  shownEventTypes,
} from './catalogue/catalogue.published.js';
import { faultOfFilters, type Filters, passes } from './events/filters.rules.js';
import { fullyQualifiedName } from './events/fully-qualified-name.published.js';
import { faultOfHeaders, subscriberHeaders } from './subscriptions/subscriber-headers.rules.js';

/** The events of the public API. */
const PUBLIC_API = [
  ...['AgentBannedEnduser', 'AgentBannedIp', 'AgentUnbannedEnduser', 'AgentUnbannedIp', 'ConversationAbandoned'],
  ...['ConversationAssigned', 'ConversationClosed', 'ConversationCreated', 'ConversationCustomAttributeUpdated'],
  ...['ConversationEndUserReplaced', 'ConversationEnqueued', 'ConversationMessageAdded', 'ConversationNoteAdded'],
  ...['ConversationMessageDeliveryDelivered', 'ConversationMessageDeliveryFailed', 'ConversationMessageDeliveryInfo'],
  ...['ConversationMessageDeliverySeen', 'ConversationMessageDeliverySent', 'ConversationOpen', 'ConversationPending'],
  ...['ConversationMessageDeliverySpamComplaint', 'ConversationPendingExpired', 'ConversationRated'],
  ...['ConversationTagAdded', 'ConversationTagRemoved', 'ConversationTransferred', 'ConversationUnassigned'],
  ...['SLAEvaluationAchieved', 'SLAEvaluationBreached', 'SLAEvaluationPending', 'SLAEvaluationVoided', 'TypingStarted'],
];

describe('The catalogue', () => {
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);

  it.each(PRODUCED_EVENT_NAMES)('has an example of %s that its schema accepts', (name) => {
    const { schema, example } = CATALOGUE[name];
    const validate = ajv.compile(schema);
    expect(validate(example) || validate.errors).toBe(true);
    expect(validate({})).toBe(false);
  });

  it('has all events of the public API, each name once, and says which are produced', () => {
    expect(EVENT_NAMES).toEqual(expect.arrayContaining(PUBLIC_API));
    expect(new Set(EVENT_NAMES).size).toBe(EVENT_NAMES.length);
    const planned = shownEventTypes().filter(({ produced }) => !produced);
    expect(planned.map(({ name }) => name)).toHaveLength(15);
    for (const type of planned) {
      expect(Object.keys(type).sort()).toEqual(['description', 'eventFqn', 'filterFields', 'name', 'produced']);
    }
  });

  it('qualifies names as receivers expect them', () => {
    expect(fullyQualifiedName('TagCreated')).toBe('TAG_CREATED');
    expect(fullyQualifiedName('ConversationCustomAttributeUpdated')).toBe('CONVERSATION_CUSTOM_ATTRIBUTE_UPDATED');
    expect(fullyQualifiedName('SLAEvaluationBreached')).toBe('SLA_EVALUATION_BREACHED');
  });
});

describe('Filters', () => {
  const email = { _type: 'IsOneOf', field: 'InitialChannel', values: ['Email', 'Chat'] } as const;
  const notQueue = { _type: 'IsNotOneOf', field: 'QueueId', values: ['q1'] } as const;
  const filters = (strategy: 'All' | 'Any'): Filters => ({
    _type: 'CombinedFilters',
    strategy,
    conditions: [email, notQueue].map((condition) => ({ ...condition, values: [...condition.values] })),
  });

  it('let everything through when there are none', () => {
    expect(passes(undefined, {})).toBe(true);
  });

  it.each([
    [{ InitialChannel: 'Email', QueueId: 'q2' }, true, true],
    [{ InitialChannel: 'Email', QueueId: 'q1' }, false, true],
    [{ InitialChannel: 'Phone', QueueId: 'q1' }, false, false],
    [{ InitialChannel: 'Email' }, true, true],
    [{}, false, true],
  ])('of %j hold: all %s, any %s', (fields, all, any) => {
    expect(passes(filters('All'), fields)).toBe(all);
    expect(passes(filters('Any'), fields)).toBe(any);
  });

  it('are refused with a reason when they are malformed', () => {
    const fault = (value: unknown) => faultOfFilters(value, filterFieldsOf, faultOfEventName);
    const condition = { _type: 'IsOneOf', field: 'QueueId', values: ['01980F5E-8f4c-7c21-9d3a-1f2e3d4c5b6a'] };
    const combined = (more: object, event = 'ConversationCreated') => ({
      [event]: { _type: 'CombinedFilters', strategy: 'All', conditions: [condition], ...more },
    });
    expect(fault(combined({}))).toBeUndefined();
    expect(fault({})).toBeUndefined();
    expect(fault(null)).toBe('must be an object');
    expect(fault({ Unknown: {} })).toBe(
      'contains Unknown, which is not an event; GET /v1/webhooks/event-types lists the events',
    );
    expect(fault({ TagCreated: null })).toContain('CombinedFilters');
    expect(fault(combined({ strategy: 'Some' }))).toContain('All or Any');
    expect(fault(combined({ conditions: [] }))).toContain('conditions');
    for (const wrong of [
      null,
      { ...condition, _type: 'Is' },
      { ...condition, field: 'x' },
      { ...condition, values: [] },
      { ...condition, values: [1] },
    ]) {
      expect(fault(combined({ conditions: [condition, wrong] }))).toContain('IsOneOf or IsNotOneOf');
    }
  });

  it('are refused when they could never match', () => {
    const fault = (event: string, field: string, values: string[]) =>
      faultOfFilters(
        { [event]: { _type: 'CombinedFilters', strategy: 'All', conditions: [{ _type: 'IsOneOf', field, values }] } },
        filterFieldsOf,
        faultOfEventName,
      );
    expect(fault('TagCreated', 'QueueId', ['x'])).toContain(
      'uses the field QueueId, but the event has no fields for filters',
    );
    expect(fault('QueueCreated', 'InitialChannel', ['Email'])).toContain('can only use: QueueId');
    expect(fault('ConversationCreated', 'InitialChannel', ['Email', 'Pigeon'])).toContain('contains Pigeon');
    expect(fault('ConversationCreated', 'OperationOrigin', ['Human'])).toContain('one of: Api, System');
    expect(fault('ConversationCreated', 'OperationOrigin', ['api'])).toBeUndefined();
    expect(fault('ConversationCreated', 'QueueId', ['Support'])).toContain(
      'contains Support, but QueueId must be the id of a queue, a UUID',
    );
    expect(fault('ConversationRated', 'InitialChannel', ['Pigeon'])).toContain('contains Pigeon');
  });

  it('take values as payloads spell them, too', () => {
    const condition = { _type: 'IsOneOf', field: 'InitialChannel', values: ['WIDGET_CHAT'] } as const;
    const filters: Filters = {
      _type: 'CombinedFilters',
      strategy: 'All',
      conditions: [{ ...condition, values: [...condition.values] }],
    };
    expect(passes(filters, { InitialChannel: 'WidgetChat' })).toBe(true);
    expect(passes(filters, { InitialChannel: 'Email' })).toBe(false);
  });
});

describe('Headers of a subscription', () => {
  it('carry the authorization', () => {
    expect(subscriberHeaders({ _type: 'NoAuth' }, { A: '1' })).toEqual({ A: '1' });
    expect(subscriberHeaders({ _type: 'BasicAuth', username: 'Ünï', password: 'p:w' }, {})).toEqual({
      Authorization: 'Basic w5xuw686cDp3',
    });
    expect(subscriberHeaders({ _type: 'TokenAuth', value: 'Bearer x' }, { A: '1' })).toEqual({
      A: '1',
      Authorization: 'Bearer x',
    });
  });

  it.each([
    [{ 'X-Tenant': 'acme', 'x_y.z': 'a b' }, undefined],
    [{ Host: 'x' }, 'Host'],
    [{ 'WEBHOOK-signature': 'x' }, 'WEBHOOK-signature'],
    [{ 'x-dixa-signature': 'x' }, 'x-dixa-signature'],
    [{ 'content-type': 'x' }, 'content-type'],
    [{ 'Transfer-Encoding': 'chunked' }, 'Transfer-Encoding'],
    [{ 'a b': 'x' }, 'invalid header name'],
    [{ '': 'x' }, 'invalid header name'],
    [{ 'X-A': 'a\r\nX-B: c' }, 'plain text'],
    [{ 'X-A': '' }, 'plain text'],
    [{ 'X-A': 'ü' }, 'plain text'],
    [{ 'X-A': 5 }, 'plain text'],
    [{ 'X-A': '1', 'x-a': '2' }, 'twice'],
    [Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'v'])), 'at most 20'],
  ])('%j are judged', (headers, fault) => {
    if (fault === undefined) expect(faultOfHeaders(headers)).toBeUndefined();
    else expect(faultOfHeaders(headers)).toContain(fault);
  });
});
