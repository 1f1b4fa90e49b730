import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { Checked, Choice, Flag, Text } from '#libs/http/fields.js';
import { Union, unionSchema, Variant } from '#libs/http/nested-fields.js';
import { faultOfOptions, MAX_DEPTH, MAX_OPTIONS, type OptionInput } from './attribute-options.rules.js';
import { ENTITY_TYPES, type EntityType } from './custom-attribute.rules.js';

const OPTION = {
  label: { description: 'The display name.', example: 'Gold' },
  value: { description: 'The text that values consist of, unique among sibling options.', example: 'gold' },
  isDeactivated: { description: 'Whether the option can no longer be chosen.', example: false },
  nestedOptions: { description: 'The nested options.' },
};

const DOCS = {
  entityType: { description: 'The kind of entity that has values of the attribute.', example: 'Contact' },
  identifier: {
    description:
      'The identifier for programs, unique within the entity type without regard to case. It cannot be changed.',
    example: 'customer-tier',
  },
  label: { description: 'The display name.', example: 'Customer tier' },
  description: { description: 'A description.', example: 'What the customer has signed up for.' },
  isRequired: { description: 'Whether agents must fill in the attribute.', example: false },
  isDeactivated: { description: 'Whether the attribute takes no new values.', example: false },
  inputDefinition: { description: 'How a value is entered.' },
  placeholder: { description: 'A placeholder, shown while there is no text.', example: 'A-1042' },
};

@ApiSchema({ name: 'SelectOptionInput' })
class SelectOptionInput implements OptionInput {
  @ApiPropertyOptional({
    description:
      'The id of an existing option. Without an id, an option with the same value at the same place is kept.',
    format: 'uuid',
    example: EXAMPLE_IDS.option,
  })
  id?: string;

  @ApiProperty({ ...OPTION.label, minLength: 1, maxLength: 255 })
  label: string;

  @ApiProperty({ ...OPTION.value, minLength: 1, maxLength: 255 })
  value: string;

  @ApiPropertyOptional({ ...OPTION.isDeactivated, default: false })
  isDeactivated?: boolean;

  @ApiPropertyOptional({ ...OPTION.nestedOptions, type: () => [SelectOptionInput] })
  nestedOptions?: SelectOptionInput[];
}

@ApiSchema({ name: 'TextDefinitionInput' })
export class TextDefinitionInput {
  @Variant('Text', 'A text of one or more lines.')
  _type: 'Text';

  @Text({ ...DOCS.placeholder, optional: true })
  placeholder?: string;
}

@ApiSchema({ name: 'SelectDefinitionInput' })
@ApiExtraModels(SelectOptionInput)
export class SelectDefinitionInput {
  @Variant('Select', 'One of the options or of their nested options.')
  _type: 'Select';

  @Checked({
    description: `The options, in order: at most ${MAX_OPTIONS} in ${MAX_DEPTH} levels.`,
    fault: faultOfOptions,
    schema: { type: 'array', items: { $ref: getSchemaPath(SelectOptionInput) } },
    optional: true,
  })
  options?: OptionInput[];
}

const INPUTS = { Text: TextDefinitionInput, Select: SelectDefinitionInput };
const MAX_IDENTIFIER = 64;
const faultOfIdentifier = (value: string) =>
  /^[\w.-]+$/.test(value) ? undefined : 'must consist of letters, digits, "_", "-" and "."';

@ApiExtraModels(TextDefinitionInput, SelectDefinitionInput)
export class CreateCustomAttributeInput {
  @Choice({ ...DOCS.entityType, values: ENTITY_TYPES })
  entityType: EntityType;

  @Text({ ...DOCS.identifier, max: MAX_IDENTIFIER, fault: faultOfIdentifier })
  identifier: string;

  @Text(DOCS.label)
  label: string;

  @Text({ ...DOCS.description, max: 1024, controls: true, optional: true, nullable: true })
  description?: string | null;

  @Flag({ ...DOCS.isRequired, optional: true })
  isRequired?: boolean;

  @Union(INPUTS, DOCS.inputDefinition)
  inputDefinition: TextDefinitionInput | SelectDefinitionInput;
}

// An input definition must be of the attribute's type.
const patched = {
  name: 'PatchCustomAttributeInput',
  example: { label: DOCS.label.example, description: DOCS.description.example },
};

@ApiSchema(patched)
export class PatchCustomAttributeInput {
  @Text({ ...DOCS.label, optional: true })
  label?: string;

  @Text({ ...DOCS.description, max: 1024, controls: true, optional: true, nullable: true })
  description?: string | null;

  @Flag({ ...DOCS.isRequired, optional: true })
  isRequired?: boolean;

  @Flag({ ...DOCS.isDeactivated, optional: true })
  isDeactivated?: boolean;

  @Union(INPUTS, {
    description: 'The new input definition. It must have the `_type` of the current one.',
    optional: true,
  })
  inputDefinition?: TextDefinitionInput | SelectDefinitionInput;
}

@ApiSchema({ name: 'SelectOption' })
class SelectOptionOutput {
  @ApiProperty({ description: 'The option id.', format: 'uuid', example: EXAMPLE_IDS.option })
  id: string;

  @ApiProperty(OPTION.label)
  label: string;

  @ApiProperty(OPTION.value)
  value: string;

  @ApiPropertyOptional({ ...OPTION.nestedOptions, type: () => [SelectOptionOutput] })
  nestedOptions: SelectOptionOutput[];

  @ApiProperty(OPTION.isDeactivated)
  isDeactivated: boolean;

  @ApiProperty({ description: 'The position among sibling options.', type: 'integer', format: 'int32', example: 0 })
  orderIndex: number;
}

class TextDefinition {
  @Variant('Text', 'A text of one or more lines.')
  _type: 'Text';

  @ApiPropertyOptional(DOCS.placeholder)
  placeholder?: string;
}

class SelectDefinition {
  @Variant('Select', 'One of the options or of their nested options.')
  _type: 'Select';

  @ApiPropertyOptional({ description: 'The options, in order.', type: [SelectOptionOutput] })
  options: SelectOptionOutput[];
}

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

@ApiExtraModels(TextDefinition, SelectDefinition)
export class CustomAttributeDefinition {
  @ApiProperty({ description: 'The attribute id.', format: 'uuid', example: EXAMPLE_IDS.contactAttribute })
  id: string;

  @ApiProperty({ ...DOCS.entityType, enum: ENTITY_TYPES })
  entityType: EntityType;

  @ApiProperty(DOCS.identifier)
  identifier: string;

  @ApiProperty(DOCS.label)
  label: string;

  @ApiProperty({ ...DOCS.inputDefinition, ...unionSchema({ Text: TextDefinition, Select: SelectDefinition }) })
  inputDefinition: TextDefinition | SelectDefinition;

  @ApiPropertyOptional(DOCS.description)
  description?: string;

  @ApiProperty({ description: 'When the entity was created.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({ description: 'When the entity was last changed.', ...INSTANT })
  updatedAt?: string;

  @ApiProperty(DOCS.isRequired)
  isRequired: boolean;

  @ApiProperty({
    description: 'Whether the attribute is archived for good. Existing values are still shown.',
    example: false,
  })
  isArchived: boolean;

  @ApiProperty(DOCS.isDeactivated)
  isDeactivated: boolean;
}

export const ListCustomAttributesOutput = listOutput(
  'ListCustomAttributesDefinitionsOutput',
  CustomAttributeDefinition,
);
export const GetCustomAttributeOutput = dataOutput('GetCustomAttributesDefinitionsOutput', CustomAttributeDefinition);
export const CreateCustomAttributeOutput = dataOutput('CreateCustomAttributeOutput', CustomAttributeDefinition);
export const PatchCustomAttributeOutput = dataOutput('PatchCustomAttributeOutput', CustomAttributeDefinition);
