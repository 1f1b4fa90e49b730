import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { applyDecorators, Body, type PipeTransform } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type Statement } from '#libs/database/batch.js';
import { faultOfText } from '#libs/http/fields.js';
import { notAnObject } from '#libs/http/input.js';
import { type Changes } from '#libs/platform/changes.js';
import { type Fault, invalidBody } from '#libs/platform/domain-error.js';
import { isRecord } from '#libs/platform/values.js';
import { type SelectOption } from './attribute-options.rules.js';
import {
  type AttributeValue,
  type AttributeValues,
  type CustomAttribute,
  type EntityType,
} from './custom-attribute.rules.js';

/** The fields of a definition by which values are checked and shown. */
export type AttributeDefinition = Pick<
  CustomAttribute,
  'id' | 'entityType' | 'identifier' | 'label' | 'inputDefinition' | 'isDeactivated' | 'isArchived'
>;

const MAX_VALUES = 100;
const MAX_TEXT = 4096;

/** Reads the definitions of an entity type as {@link AttributeDefinition}s, oldest first, including archived ones. */
export function attributeDefinitions(organizationId: string, entityType: EntityType): Statement {
  return {
    text: `SELECT id, entity_type AS "entityType", identifier, label, input_definition AS "inputDefinition",
             is_deactivated AS "isDeactivated", is_archived AS "isArchived"
           FROM custom_attributes WHERE organization_id = $1 AND entity_type = $2 ORDER BY created_at, id`,
    values: [organizationId, entityType],
  };
}

/**
 * Returns a client's patch as it is stored, with ids in lower case. All values must be valid.
 * @param definitions those of the entity's type
 * @throws {DomainError} `invalid`, with all faults
 */
export function checkedValues(
  definitions: AttributeDefinition[],
  patch: Record<string, unknown>,
): Changes<AttributeValues> {
  const entries = Object.entries(patch).map(([id, value]) => [id.toLowerCase(), value] as const);
  if (entries.length > MAX_VALUES) throw invalidBody([{ path: '', message: `must have at most ${MAX_VALUES} values` }]);
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  const faults = entries.flatMap(([id, value], index): Fault[] => {
    const twice = entries.findIndex(([other]) => other === id) !== index;
    const message = twice ? 'must not be sent twice' : faultOfValue(known.get(id), value);
    return message === undefined ? [] : [{ path: id, message }];
  });
  if (faults.length > 0) throw invalidBody(faults);
  return Object.fromEntries(entries) as Changes<AttributeValues>;
}

function faultOfValue(definition: AttributeDefinition | undefined, value: unknown): string | undefined {
  if (!definition) return 'must be the id of a custom attribute of this kind of entity';
  if (definition.isArchived) return 'must not be archived';
  if (definition.isDeactivated) return 'must not be deactivated';
  if (value === null) return undefined;
  const { inputDefinition } = definition;
  return inputDefinition._type === 'Text'
    ? faultOfText(value, { max: MAX_TEXT, controls: true })
    : faultOfPath(inputDefinition.options, value);
}

function faultOfPath(roots: SelectOption[], path: unknown): string | undefined {
  if (!Array.isArray(path)) return "must be an array: the option's path from the root";
  let options = roots;
  for (const [index, value] of (path as unknown[]).entries()) {
    const option = options.find((sibling) => sibling.value.normalize('NFC') === value);
    if (!option) return `[${index}] must be the value of an option there`;
    if (option.isDeactivated) return `[${index}] must not be deactivated`;
    options = option.nestedOptions;
  }
  return options.length > 0 || path.length === 0 ? 'must lead to an option without nested options' : undefined;
}

/** The value of an attribute as entities show it. */
@ApiSchema({ name: 'CustomAttribute' })
export class CustomAttributeOutput {
  @ApiProperty({ description: 'The attribute id.', format: 'uuid', example: EXAMPLE_IDS.contactAttribute })
  id: string;

  @ApiProperty({ description: 'The label.', example: 'Customer tier' })
  name: string;

  @ApiProperty({ description: 'The identifier for programs.', example: 'customer-tier' })
  identifier: string;

  @ApiProperty({
    description: 'The value: a text, or for a Select the path of option values from the root to the leaf.',
    oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
    example: ['business', 'gold'],
  })
  value: AttributeValue;
}

/** Returns the values with their definitions, in the definitions' order. Values of unknown attributes are left out. */
export function shownValues(definitions: AttributeDefinition[], values: AttributeValues): CustomAttributeOutput[] {
  return definitions.flatMap(({ id, label, identifier }) => {
    const value = values[id];
    return value === undefined ? [] : [{ id, name: label, identifier, value }];
  });
}

const mapSchema = {
  name: 'Map_UUID_Option_AttributeValue',
  description: 'Values by attribute id. `null` clears a value; attributes that are not named keep their values.',
  maxProperties: MAX_VALUES,
  additionalProperties: {
    anyOf: [{ type: 'string', maxLength: MAX_TEXT }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
  },
};

// The decorator's type accepts only a name, but the other properties become part of the schema, too.
@ApiSchema(mapSchema)
class AttributeValuesMap {}

class MapPipe implements PipeTransform<unknown, Record<string, unknown>> {
  transform(body: unknown): Record<string, unknown> {
    if (!isRecord(body)) throw notAnObject(body);
    return body;
  }
}

/** Binds the body of a patch of values, for {@link checkedValues}. Use it with {@link ApiAttributeValues}. */
export const AttributeValuesBody = () => Body(new MapPipe());

/** Documents {@link AttributeValuesBody} on the method that takes it. */
export const ApiAttributeValues = (example: Record<string, AttributeValue | null>) =>
  applyDecorators(
    ApiExtraModels(AttributeValuesMap),
    ApiBody({
      required: true,
      schema: { $ref: getSchemaPath(AttributeValuesMap) },
      examples: { Values: { value: example } },
    }),
  );
