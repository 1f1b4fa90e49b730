import { ApiExtraModels, ApiProperty, ApiSchema } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { type FieldOptions, Text, Texts } from '#libs/http/fields.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { faultOfEmail, toE164 } from '#libs/people/contact.js';
import { namedEndpoint } from './contact-endpoint.rules.js';
import {
  DOCS,
  EmailEndpoint,
  MAX_FUNCTIONALITY,
  MAX_FUNCTIONALITY_LENGTH,
  type ShownEndpoint,
  TelephonyEndpoint,
} from './contact-endpoint.shown.js';

const EXAMPLE = DOCS.number.example;
const open = { optional: true, nullable: true };

/** Returns why a text cannot be the id of a contact endpoint, or undefined. */
export function faultOfEndpointId(id: string): string | undefined {
  const isId = namedEndpoint(id).key !== undefined;
  return isId ? undefined : `must be an e-mail address, or a phone number with its country code such as ${EXAMPLE}`;
}

const faultOfNumber = (value: string) =>
  toE164(value) === undefined ? `must be a phone number with its country code, such as ${EXAMPLE}` : undefined;

const Name = () => Text({ ...DOCS.name, ...open });
const Email = (docs: FieldOptions) => Text({ ...docs, max: 254, fault: faultOfEmail });
const Functionality = () =>
  Texts({ ...DOCS.functionality, maxItems: MAX_FUNCTIONALITY, max: MAX_FUNCTIONALITY_LENGTH, ...open });

export class CreateEmailEndpointInput {
  @Variant('EmailEndpoint', DOCS.EmailEndpoint)
  _type: 'EmailEndpoint';

  @Email({ ...DOCS.address, example: 'returns@acme.example' })
  address: string;

  @Name()
  name?: string | null;

  @Email({ ...DOCS.senderOverride, ...open })
  senderOverride?: string | null;
}

export class CreateTelephonyEndpointInput {
  @Variant('TelephonyEndpoint', DOCS.TelephonyEndpoint)
  _type: 'TelephonyEndpoint';

  @Text({ ...DOCS.number, example: '+4578787879', max: 40, fault: faultOfNumber })
  number: string;

  @Name()
  name?: string | null;

  @Functionality()
  functionality?: string[] | null;
}

/** The variants of {@link CreateContactEndpointInput}. */
export const CREATE_CONTACT_ENDPOINT_INPUTS = {
  EmailEndpoint: CreateEmailEndpointInput,
  TelephonyEndpoint: CreateTelephonyEndpointInput,
};
export type CreateContactEndpointInput = CreateEmailEndpointInput | CreateTelephonyEndpointInput;

// The fields of the other variant would be refused.
const patched = {
  name: 'PatchContactEndpointInput',
  example: { name: DOCS.name.example, senderOverride: DOCS.senderOverride.example },
};

/** Fields that are left out keep their values; `null` clears. */
@ApiSchema(patched)
export class PatchContactEndpointInput {
  @Name()
  name?: string | null;

  @Email({
    ...DOCS.senderOverride,
    description: `${DOCS.senderOverride.description} Only of an EmailEndpoint.`,
    ...open,
  })
  senderOverride?: string | null;

  @Functionality()
  functionality?: string[] | null;
}

const endpointSchema = unionSchema({ EmailEndpoint, TelephonyEndpoint });

@ApiExtraModels(EmailEndpoint, TelephonyEndpoint)
export class ContactEndpointOutput {
  @ApiProperty({ description: 'The contact endpoint.', ...endpointSchema })
  data: ShownEndpoint;
}

@ApiExtraModels(EmailEndpoint, TelephonyEndpoint)
export class ListContactPointsOutput extends listOutput('', Object) {
  @ApiProperty({ description: 'The contact endpoints.', type: 'array', items: endpointSchema })
  override data: ShownEndpoint[];
}
