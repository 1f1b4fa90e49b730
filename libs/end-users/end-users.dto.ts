import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { CustomAttributeOutput } from '#libs/custom-attributes/attribute-values.js';
import { faultOfEmail } from '#libs/platform/contact.js';
import { bulkInput, bulkOutput } from '#libs/platform/http/bulk.js';
import { dataOutput, listOutput, pageOutput } from '#libs/platform/http/endpoint.js';
import { type FieldOptions, Text, Uuid } from '#libs/platform/http/fields.js';
import { PageQuery } from '#libs/platform/http/paging.js';
import {
  DisplayName,
  displayNameShown,
  EmailAddress,
  emailShown,
  PersonInput,
  PersonOutput,
} from '#libs/platform/http/person-fields.js';

const ID = { description: 'The end user id.', example: '01980f70-1a2b-7c3d-8e4f-506172839405' };
const EXTERNAL_ID = { description: 'Its id in another system, compared exactly.', example: 'crm-20417' };
const open = { optional: true, nullable: true };

const ExternalId = (presence: Pick<FieldOptions, 'optional' | 'nullable'>) => Text({ ...EXTERNAL_ID, ...presence });

/** `null` is no value. */
export class CreateEndUserInput extends PersonInput {
  @DisplayName(open)
  displayName?: string | null;

  @EmailAddress(open)
  email?: string | null;

  @ExternalId(open)
  externalId?: string | null;
}

/** What is left out is cleared. */
export class UpdateEndUserInput extends PersonInput {
  @DisplayName()
  displayName: string;

  @EmailAddress(open)
  email?: string | null;

  @ExternalId(open)
  externalId?: string | null;
}

/** What is left out stays; `null` clears. */
export class PatchEndUserInput extends CreateEndUserInput {}

export class BulkUpdateEndUserInput extends UpdateEndUserInput {
  @Uuid(ID)
  id: string;
}

export class BulkPatchEndUserInput extends PatchEndUserInput {
  @Uuid(ID)
  id: string;
}

export class CreateEndUsersInput extends bulkInput('CreateEndUsersInput', CreateEndUserInput) {}
export class BulkUpdateEndUsersInput extends bulkInput('BulkUpdateEndUsersInput', BulkUpdateEndUserInput) {}
export class BulkPatchEndUsersInput extends bulkInput('BulkPatchEndUsersInput', BulkPatchEndUserInput) {}

export class ListEndUsersQuery extends PageQuery {
  @Text({
    description: 'Only the end user with this e-mail address, primary or additional. At most one filter may be given.',
    example: 'alice@brown.example',
    max: 254,
    fault: faultOfEmail,
    optional: true,
  })
  email?: string;

  @Text({
    description: 'Only the end user with this phone number, primary or additional.',
    example: '+4570123456',
    max: 40,
    optional: true,
  })
  phone?: string;

  @Text({ description: 'Only the end user with this external id.', example: EXTERNAL_ID.example, optional: true })
  externalId?: string;
}

@ApiSchema({ name: 'EndUser' })
export class EndUserOutput extends PersonOutput {
  @ApiProperty({ ...ID, format: 'uuid' })
  id: string;

  @ApiProperty({ description: 'When it was created.', format: 'date-time', example: '2026-03-14T09:26:53.589Z' })
  createdAt: string;

  @displayNameShown(false)
  displayName?: string;

  @emailShown(false)
  email?: string;

  @ApiPropertyOptional(EXTERNAL_ID)
  externalId?: string;

  @ApiPropertyOptional({
    description: 'The values of its custom attributes. Lists leave them out.',
    type: [CustomAttributeOutput],
  })
  customAttributes?: CustomAttributeOutput[];
}

const outcome = { $ref: getSchemaPath(EndUserOutput) };
export const ListEndUsersOutput = pageOutput('ListEndUsersOutput', EndUserOutput);
export const GetEndUserOutput = dataOutput('GetEndUserOutput', EndUserOutput);
export const CreateEndUserOutput = dataOutput('CreateEndUserOutput', EndUserOutput);
export const UpdateEndUserOutput = dataOutput('UpdateEndUserOutput', EndUserOutput);
export const PatchEndUserOutput = dataOutput('PatchEndUserOutput', EndUserOutput);
export const PatchCustomAttributesOutput = listOutput('PatchEndUserCustomAttributesOutput', CustomAttributeOutput);
export const CreateEndUsersOutput = bulkOutput('CreateEndUsersOutput', 'EndUser', outcome);
export const BulkUpdateEndUsersOutput = bulkOutput('BulkUpdateEndUsersOutput', 'EndUser', outcome);
export const BulkPatchEndUsersOutput = bulkOutput('BulkPatchEndUsersOutput', 'EndUser', outcome);
