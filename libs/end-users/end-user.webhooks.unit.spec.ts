import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type CustomAttributeEvent, evolveCustomAttribute } from '#libs/custom-attributes/custom-attribute.rules.js';
import { RECORDED } from '#libs/testing/given.js';
import { CATALOGUE, type ProducedEventName } from '#libs/webhooks/catalogue/catalogue.published.js';
import { type EndUser, evolveEndUser } from './end-user.rules.js';

const ajv = new Ajv2020({ strict: true });
addFormats.default(ajv);

/** Returns the payload of an event after its schema has accepted it. */
function payload(name: ProducedEventName, entity: unknown, event: object = {}): any {
  const { data, schema } = CATALOGUE[name];
  const shown = (data as (entity: unknown, event: unknown) => object)(entity, { data: event });
  const validate = ajv.compile(schema);
  expect(validate(JSON.parse(JSON.stringify(shown))) || validate.errors).toBe(true);
  return shown;
}

const id = '01980f70-1a2b-7c3d-8e4f-506172839405';
const otherId = '01980f70-1a2b-7c3d-8e4f-506172839406';
const createdAt = '2026-03-14T09:26:53.589Z';

describe('Payloads of end users', () => {
  const lists = {
    additionalEmails: ['b@x.example'],
    additionalPhoneNumbers: [],
    additionalExternalIds: ['crm-2'],
    middleNames: ['M'],
  };
  const person = { displayName: 'Alice', email: 'a@x.example', phoneNumber: '+4570123456', ...lists };
  const alice = evolveEndUser(undefined, { type: 'EndUserCreated', data: { id, createdAt, person } }) as EndUser;

  it.each(['EndUserCreated', 'EndUserUpdated'] as const)('show who it is: %s', (name) => {
    expect(payload(name, alice)).toEqual({
      end_user: {
        id,
        name: 'Alice',
        email: 'a@x.example',
        phone: '+4570123456',
        roles: [],
        user_type: 'Contact',
        first_name: null,
        last_name: null,
        middle_names: ['M'],
        additional_emails: ['b@x.example'],
        additional_phones: [],
        avatar_url: null,
        external_id: null,
        additional_external_ids: ['crm-2'],
        created_at: createdAt,
      },
    });
  });

  it('show nobody when what is personal is gone', () => {
    const nobody = evolveEndUser(undefined, { type: 'EndUserCreated', data: { id, createdAt } });
    expect(payload('EndUserCreated', nobody).end_user).toMatchObject({ id, name: null, email: null, phone: null });
  });

  it('show the values of custom attributes', () => {
    const values = { [id]: ['business', 'gold'], other: 'x' };
    const data = { id, values };
    const shown = payload(
      'EndUserCustomAttributesUpdated',
      evolveEndUser(alice, { type: 'EndUserCustomAttributesUpdated', data }),
    );
    expect(shown).toMatchObject({ end_user: { id }, custom_attributes: values });
  });

  it('show whom another one was merged into, and the id alone of that other one', () => {
    const data = { id, mergedId: otherId, changes: { firstName: 'Ali' }, values: { tier: 'gold' } };
    const shown = payload('EndUserMerged', evolveEndUser(alice, { type: 'EndUserMerged', data }), data);
    expect(shown.end_user).toMatchObject({ id, name: 'Alice', first_name: 'Ali' });
    expect(shown).toMatchObject({ custom_attributes: { tier: 'gold' }, merged_end_user: { id: otherId } });
  });

  it('show the id alone of one that is anonymized', () => {
    const nobody = evolveEndUser(alice, { type: 'EndUserAnonymized', data: { id } });
    expect(payload('EndUserAnonymized', nobody)).toEqual({ end_user: { id } });
  });
});

describe('Payloads of custom attributes', () => {
  const base = { id, entityType: 'Contact', identifier: 'tier', label: 'Tier', isRequired: true } as const;
  const leaf = { id, label: 'Gold', value: 'gold', isDeactivated: false, orderIndex: 0, nestedOptions: [] };
  const options = [{ ...leaf, nestedOptions: [leaf] }];
  const created = (data: Extract<CustomAttributeEvent, { type: 'CustomAttributeCreated' }>['data']) =>
    evolveCustomAttribute(undefined, { type: 'CustomAttributeCreated', data }, RECORDED);

  it('show options within options', () => {
    const select = created({ ...base, inputDefinition: { _type: 'Select', options } });
    const shownLeaf = { id, label: 'Gold', value: 'gold', is_deactivated: false, order_index: 0, nested_options: [] };
    expect(payload('CustomAttributeCreated', select).custom_attribute).toMatchObject({
      id,
      entity_type: 'CONTACT',
      description: null,
      is_required: true,
      input_definition: { type: 'SELECT', options: [{ ...shownLeaf, nested_options: [shownLeaf] }] },
    });
  });

  it('show whether it is archived', () => {
    const text = created({ ...base, description: 'x', inputDefinition: { _type: 'Text' } });
    const archived = evolveCustomAttribute(text, { type: 'CustomAttributeArchived', data: { id } }, RECORDED);
    expect(payload('CustomAttributeUpdated', text).custom_attribute.is_archived).toBe(false);
    expect(payload('CustomAttributeArchived', archived).custom_attribute).toMatchObject({
      is_archived: true,
      description: 'x',
      input_definition: { type: 'TEXT', placeholder: null },
    });
  });
});
