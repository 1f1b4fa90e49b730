import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { CustomAttributeOutput } from '#libs/custom-attributes/attribute-values.published.js';
import { bulkInput } from '#libs/http/bulk-input.js';
import { bulkOutput } from '#libs/http/bulk.js';
import { arrayOutput, dataOutput, pageOutput } from '#libs/http/endpoint.js';
import { type FieldOptions, Text, Texts, Uuid } from '#libs/http/fields.js';
import { faultOfAddress } from '#libs/people/contact.js';
import {
  DisplayName,
  displayNameShown,
  EmailAddress,
  emailShown,
  PersonInput,
  PersonOutput,
} from '#libs/people/person-fields.js';
import { MAX_ADDITIONAL } from '#libs/people/person.js';

const ID = { description: 'The end user id.', example: EXAMPLE_IDS.endUser };
const EXTERNAL_ID = { description: 'The id in another system, compared exactly.', example: 'crm-20417' };
const ADDITIONAL_EXTERNAL_IDS = {
  description: `Additional ids in other systems, at most ${MAX_ADDITIONAL}, such as those of end users that were merged into this one.`,
  example: ['crm-20418'],
};
const open = { optional: true, nullable: true };

const ExternalId = (presence: Pick<FieldOptions, 'optional' | 'nullable'>) =>
  Text({ ...EXTERNAL_ID, fault: faultOfAddress, ...presence });

/**
 * Declares the additional external ids. Any request that omits them keeps them, for clients that do not support them.
 */
const AdditionalExternalIds = () =>
  Texts({
    ...ADDITIONAL_EXTERNAL_IDS,
    description: `${ADDITIONAL_EXTERNAL_IDS.description} If the field is not sent, they stay, with PUT as well.`,
    maxItems: MAX_ADDITIONAL,
    fault: faultOfAddress,
    optional: true,
  });

/** The body that creates an end user. `null` is no value. */
export class CreateEndUserInput extends PersonInput {
  @DisplayName(open)
  displayName?: string | null;

  @EmailAddress(open)
  email?: string | null;

  @ExternalId(open)
  externalId?: string | null;

  @AdditionalExternalIds()
  additionalExternalIds?: string[];
}

/** Fields that are left out are cleared, except external ids. `externalId` may only be that of the path. */
export class ReplaceByExternalIdInput extends PersonInput {
  @DisplayName()
  displayName: string;

  @EmailAddress(open)
  email?: string | null;

  @ExternalId(open)
  externalId?: string | null;
}

/** Fields that are left out are cleared, except `additionalExternalIds`. */
export class UpdateEndUserInput extends ReplaceByExternalIdInput {
  @AdditionalExternalIds()
  additionalExternalIds?: string[];
}

/** Fields that are left out keep their values; `null` clears. */
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

export class MergeEndUserInput {
  @Uuid({ description: 'The id of the end user that remains.', example: EXAMPLE_IDS.otherEndUser })
  intoId: string;
}

@ApiSchema({ name: 'EndUser' })
export class EndUserOutput extends PersonOutput {
  @ApiProperty({ ...ID, format: 'uuid' })
  id: string;

  @ApiProperty({
    description: 'When the entity was created.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  createdAt: string;

  @ApiPropertyOptional({
    description: 'When the end user was last changed or, without a change, created.',
    format: 'date-time',
    example: '2026-03-15T10:12:07.411Z',
  })
  updatedAt: string;

  @displayNameShown(false)
  displayName?: string;

  @emailShown(false)
  email?: string;

  @ApiPropertyOptional(EXTERNAL_ID)
  externalId?: string;

  @ApiPropertyOptional({ ...ADDITIONAL_EXTERNAL_IDS, type: [String] })
  additionalExternalIds: string[];

  @ApiPropertyOptional({
    description: 'The values of the custom attributes. Lists do not include them.',
    type: [CustomAttributeOutput],
  })
  customAttributes?: CustomAttributeOutput[];
}

const outcome = { $ref: getSchemaPath(EndUserOutput) };
export const ListEndUsersOutput = pageOutput('ListEndUsersOutput', EndUserOutput);
export const GetEndUserOutput = dataOutput('GetEndUserOutput', EndUserOutput);
export const CreateEndUserOutput = dataOutput('CreateEndUserOutput', EndUserOutput);
export const UpdateEndUserOutput = dataOutput('UpdateEndUserOutput', EndUserOutput);
export const ReplaceByExternalIdOutput = dataOutput('ReplaceEndUserByExternalIdOutput', EndUserOutput);
export const MergeEndUserOutput = dataOutput('MergeEndUserOutput', EndUserOutput);
export const PatchEndUserOutput = dataOutput('PatchEndUserOutput', EndUserOutput);
export const PatchCustomAttributesOutput = arrayOutput('PatchEndUserCustomAttributesOutput', CustomAttributeOutput);
export const CreateEndUsersOutput = bulkOutput('CreateEndUsersOutput', 'EndUser', outcome);
export const BulkUpdateEndUsersOutput = bulkOutput('BulkUpdateEndUsersOutput', 'EndUser', outcome);
export const BulkPatchEndUsersOutput = bulkOutput('BulkPatchEndUsersOutput', 'EndUser', outcome);
