import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import {
  draftOf,
  faultOfOptions,
  MAX_OPTIONS,
  type OptionInput,
  type SelectOption,
} from './attribute-options.rules.js';
import { type AttributeDefinition, checkedValues, shownValues } from './attribute-values.published.js';
import {
  type CustomAttributeCommand,
  type CustomAttributeEvent,
  decideCustomAttribute,
  evolveCustomAttribute,
} from './custom-attribute.rules.js';

const id = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';
const attribute = given({ decide: decideCustomAttribute, evolve: evolveCustomAttribute, initialState: undefined });

const option = (value: string, nestedOptions: SelectOption[] = [], orderIndex = 0): SelectOption => ({
  id: `id of ${value}`,
  label: value,
  value,
  isDeactivated: false,
  orderIndex,
  nestedOptions,
});
const base = { id, entityType: 'Contact', identifier: 'plan', label: 'Plan', isRequired: false } as const;
const text = {
  ...base,
  description: 'What they pay for',
  inputDefinition: { _type: 'Text', placeholder: 'A' },
} as const;
const textCreated: CustomAttributeEvent = { type: 'CustomAttributeCreated', data: text };
const selectCreated: CustomAttributeEvent = {
  type: 'CustomAttributeCreated',
  data: { ...base, inputDefinition: { _type: 'Select', options: [option('a', [option('b')])] } },
};
const archived: CustomAttributeEvent = { type: 'CustomAttributeArchived', data: { id } };
const updated = (changes: object): CustomAttributeEvent => ({ type: 'CustomAttributeUpdated', data: { id, changes } });
const update = (changes: object): CustomAttributeCommand => ({ type: 'UpdateCustomAttribute', id, changes });
const draft = (...options: OptionInput[]) => {
  let next = 1;
  return { inputDefinition: { _type: 'Select', options: draftOf(options, () => `new ${next++}`) } } as const;
};
const conflict = (reason: string) => new DomainError('conflict', `Custom attribute ${id} is ${reason}`);

describe('A custom attribute', () => {
  it('is created neither deactivated nor archived', () => {
    attribute().when({ type: 'CreateCustomAttribute', attribute: text }).then([textCreated]);
    expect(attribute(textCreated).state).toEqual({
      ...text,
      isDeactivated: false,
      isArchived: false,
      createdAt: RECORDED.recordedAt.toISOString(),
    });
  });

  it('gets ids and positions for its options', () => {
    const { inputDefinition } = draft({ label: 'a', value: 'a', nestedOptions: [{ label: 'b', value: 'b' }] });
    const nested = { ...option('b'), id: 'new 2' };
    attribute()
      .when({ type: 'CreateCustomAttribute', attribute: { ...base, inputDefinition } })
      .then([
        {
          type: 'CustomAttributeCreated',
          data: { ...base, inputDefinition: { _type: 'Select', options: [{ ...option('a', [nested]), id: 'new 1' }] } },
        },
      ]);
  });

  it('changes only what differs', () => {
    attribute(textCreated)
      .when(update({ label: 'Tier', description: null, isRequired: false }))
      .then([updated({ label: 'Tier', description: null })]);
    attribute(textCreated)
      .when(update({ label: 'Plan' }))
      .then([]);
    expect(attribute(textCreated, updated({ description: null })).state).not.toHaveProperty('description');
  });

  it('loses its placeholder when it gets an input definition without one', () => {
    attribute(textCreated)
      .when(update({ inputDefinition: { _type: 'Text' } }))
      .then([updated({ inputDefinition: { _type: 'Text' } })]);
  });

  it('never changes its type', () => {
    attribute(textCreated)
      .when(update(draft()))
      .then(new DomainError('conflict', `The type of a custom attribute cannot be changed; ${id} has the type Text`));
  });

  it('keeps options that have their value at their place, and those that are named by id', () => {
    const nested = { label: 'b', value: 'b' };
    attribute(selectCreated)
      .when(update(draft({ label: 'a', value: 'a', nestedOptions: [nested] })))
      .then([]);
    const moved = draft({ label: 'b', value: 'b' }, { id: 'id of a', label: 'A', value: 'z', isDeactivated: true });
    attribute(selectCreated)
      .when(update(moved))
      .then([
        updated({
          inputDefinition: {
            _type: 'Select',
            options: [
              { ...option('b'), id: 'new 1' },
              { ...option('z', [], 1), id: 'id of a', label: 'A', isDeactivated: true },
            ],
          },
        }),
      ]);
  });

  it('gives the id of an option that is named elsewhere to no other', () => {
    const swapped = draft({ id: 'id of a', label: 'x', value: 'x' }, { label: 'a', value: 'a' });
    attribute(selectCreated)
      .when(update(swapped))
      .then([
        updated({
          inputDefinition: {
            _type: 'Select',
            options: [
              { ...option('x'), id: 'id of a' },
              { ...option('a', [], 1), id: 'new 2' },
            ],
          },
        }),
      ]);
  });

  it('refuses ids of options that it does not have', () => {
    attribute(selectCreated)
      .when(update(draft({ id: 'other', label: 'x', value: 'x' })))
      .then(invalidBody([{ path: 'inputDefinition.options[0].id', message: 'must be the id of an existing option' }]));
  });

  it('is archived for good, any number of times', () => {
    attribute(textCreated).when({ type: 'ArchiveCustomAttribute', id }).then([archived]);
    attribute(textCreated, archived).when({ type: 'ArchiveCustomAttribute', id }).then([]);
    attribute(textCreated, archived)
      .when(update({ label: 'Plan' }))
      .then(conflict('archived'));
    expect(attribute(textCreated, archived).state?.isArchived).toBe(true);
  });

  it('must exist to be changed or archived', () => {
    attribute().when(update({})).then(notFound('Custom attribute', id));
    attribute().when({ type: 'ArchiveCustomAttribute', id }).then(notFound('Custom attribute', id));
  });
});

describe('Options', () => {
  const input = (value: string, more: object = {}) => ({ label: value, value, ...more });
  const nested = (depth: number): object => input('x', depth > 1 ? { nestedOptions: [nested(depth - 1)] } : {});
  const many = (count: number) => Array.from({ length: count }, (_, index) => input(`${index}`));
  const uuid = '01980F6A-7e2f-7b31-8c4d-5e6f70819203';

  it.each([
    [[], undefined],
    [[input('a', { id: uuid, isDeactivated: false, orderIndex: 7, nestedOptions: [input('a')] })], undefined],
    [[nested(5)], undefined],
    [[nested(6)], 'must not be nested deeper than 5 levels'],
    [[nested(30)], 'must not be nested deeper than 5 levels'],
    [many(MAX_OPTIONS), undefined],
    [many(MAX_OPTIONS + 1), 'must contain at most 500 options'],
    [[input('a', { nestedOptions: many(MAX_OPTIONS) })], 'must contain at most 500 options'],
    [null, 'must be an array'],
    [{ length: 1 }, 'must be an array'],
    [[null], '[0] must be an object'],
    [[input('a', { nestedOptions: null })], '[0].nestedOptions must be an array'],
    [[input('a', { nestedOptions: 'b' })], '[0].nestedOptions must be an array'],
    [
      [input('a', { nestedOption: [] })],
      '[0].nestedOption is not a field of this request; did you mean nestedOptions?',
    ],
    [[input('a'), input('a')], '[1].value must differ from those of its siblings'],
    [[input('a', { nestedOptions: [input('b'), input('b')] })], '[0].nestedOptions[1].value must differ'],
    [[input('')], '[0].label must have 1 to 255 characters'],
    [[input('x'.repeat(256))], '[0].label must have 1 to 255 characters'],
    [[{ label: 'a' }], '[0].value must be a string'],
    [[{ value: 'a' }], '[0].label must be a string'],
    [[input('a\0')], '[0].label must be a string without NUL'],
    [[input('a', { isDeactivated: null })], '[0].isDeactivated must be true or false'],
    [[input('a', { id: null })], '[0].id must be a UUID'],
    [[input('a', { id: '1' })], '[0].id must be a UUID'],
    [[input('a', { id: uuid }), input('b', { id: uuid.toLowerCase() })], '[1].id must not be sent twice'],
  ])('are judged (%#)', (options, fault) => {
    if (fault === undefined) expect(faultOfOptions(options)).toBeUndefined();
    else expect(faultOfOptions(options)).toContain(fault);
  });
});

describe('Values of custom attributes', () => {
  const definition = (name: string, more: Partial<AttributeDefinition> = {}): AttributeDefinition => ({
    id: `id-${name}`,
    entityType: 'Contact',
    identifier: name,
    label: name.toUpperCase(),
    inputDefinition: { _type: 'Text' },
    isDeactivated: false,
    isArchived: false,
    ...more,
  });
  const options = [
    option('a', [option('b', [option('c')]), { ...option('off'), isDeactivated: true }]),
    option('leaf', [], 1),
  ];
  const definitions = [
    definition('text'),
    definition('select', { inputDefinition: { _type: 'Select', options } }),
    definition('archived', { isArchived: true }),
    definition('deactivated', { isDeactivated: true }),
  ];
  const check = (patch: object) => () => checkedValues(definitions, patch as Record<string, unknown>);

  it('are texts, paths of options, and null for none', () => {
    const patch = { 'ID-TEXT': 'Füße', 'id-select': ['a', 'b', 'c'] };
    expect(check(patch)()).toEqual({ 'id-text': 'Füße', 'id-select': ['a', 'b', 'c'] });
    expect(check({ 'id-text': null, 'id-select': ['leaf'] })()).toEqual({ 'id-text': null, 'id-select': ['leaf'] });
    expect(check({})()).toEqual({});
  });

  it.each([
    [{ 'id-other': 'x' }, 'id-other must be the id of a custom attribute'],
    [{ constructor: 'x' }, 'constructor must be the id of a custom attribute'],
    [{ 'id-archived': null }, 'id-archived must not be archived'],
    [{ 'id-deactivated': 'x' }, 'id-deactivated must not be deactivated'],
    [{ 'id-text': 5 }, 'id-text must be a string'],
    [{ 'id-text': ['a'] }, 'id-text must be a string'],
    [{ 'id-text': '' }, 'id-text must not be empty'],
    [{ 'id-text': 'a\0' }, 'id-text must not contain NUL'],
    [{ 'id-text': 'x'.repeat(4097) }, 'id-text must have at most 4096 characters'],
    [{ 'id-text': 'a', 'ID-text': 'b' }, 'id-text must not be sent twice'],
    [{ 'id-select': 'leaf' }, 'id-select must be an array'],
    [{ 'id-select': [] }, 'id-select must lead to an option without nested options'],
    [{ 'id-select': ['a'] }, 'id-select must lead to an option without nested options'],
    [{ 'id-select': ['b'] }, 'id-select [0] must be the value of an option there'],
    [{ 'id-select': ['a', 'b', 'c', 'd'] }, 'id-select [3] must be the value of an option there'],
    [{ 'id-select': ['a', null] }, 'id-select [1] must be the value of an option there'],
    [{ 'id-select': ['a', 'off'] }, 'id-select [1] must not be deactivated'],
    [Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`${i}`, null])), 'must have at most 100 values'],
  ])('are refused: %.60j', (patch, reason) => {
    expect(check(patch)).toThrow(reason);
  });

  it('are refused with all their faults', () => {
    const thrown = () => check({ 'id-text': 5, 'id-archived': 'x', 'id-select': ['leaf'] })();
    expect(thrown).toThrow(
      expect.objectContaining({ kind: 'invalid', details: { faults: [expect.anything(), expect.anything()] } }),
    );
  });

  it('are shown with their definitions, archived ones too, unknown ones left out', () => {
    const values = { 'id-archived': 'old', 'id-text': 'new', 'id-gone': 'x' };
    expect(shownValues(definitions, values)).toEqual([
      { id: 'id-text', name: 'TEXT', identifier: 'text', value: 'new' },
      { id: 'id-archived', name: 'ARCHIVED', identifier: 'archived', value: 'old' },
    ]);
  });
});
