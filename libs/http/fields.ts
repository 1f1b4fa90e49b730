import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, ValidateBy, ValidateIf } from 'class-validator';
import { controlCharacterOf, isLongerThan, isVisible, lengthOf } from '#libs/platform/text.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { faultOfChoice, KnownNames, type Verb } from '#libs/platform/did-you-mean.js';
import { isPlainText } from '#libs/platform/values.js';

/** The options of every input field, used for both validation and documentation. */
export interface FieldOptions {
  description: string;
  example?: unknown;
  /** The field may be left out. `null` is still refused unless the field is `nullable`. */
  optional?: boolean;
  /** `null` clears the field. */
  nullable?: boolean;
}

interface TextRules {
  /** Minimum number of code points; 1 unless given. Outer space does not count; one of them must be visible. */
  min?: number;
  /** Maximum number of code points; 255 unless given. */
  max?: number;
  /** Allows control characters, such as line breaks and tabs. */
  controls?: boolean;
  /** Returns why a value is refused by a further rule, or undefined. */
  fault?: (value: string) => string | undefined;
}

interface TextOptions extends FieldOptions, TextRules {
  format?: string;
}

/** Declares a string that both PostgreSQL and JSON can hold, within its length. */
export function Text({ min = 1, max = 255, controls, optional, nullable, format, fault, ...docs }: TextOptions) {
  return applyDecorators(
    ApiProperty({
      ...docs,
      type: 'string',
      nullable,
      format,
      minLength: min,
      maxLength: max,
      required: !optional,
    }),
    Rule((value) => faultOfText(value, { min, max, controls, fault })),
    ...presence(optional, nullable),
  );
}

/** Returns why a value is not a text within these limits, or undefined. */
export function faultOfText(
  value: unknown,
  { min = 1, max = 255, controls = false, fault }: TextRules,
): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (isLongerThan(value, max)) return `must have at most ${max} characters`;
  if (value.trim() === '') return 'must not be empty';
  if (lengthOf(value.trim()) < min) return `must have at least ${min} characters`;
  if (!isPlainText(value)) return 'must not contain NUL characters or lone surrogates';
  if (!isVisible(value)) return 'must contain a visible character';
  const control = controls ? undefined : controlCharacterOf(value);
  return fault?.(value) ?? (control && `must not contain the control character ${control}`);
}

interface TextsOptions extends TextOptions {
  /** Minimum number of items; 0 unless given. */
  minItems?: number;
  maxItems: number;
  /** Allows the same item several times. */
  repeatable?: boolean;
  /** Returns the key by which items are compared; the item itself unless given. */
  sameAs?: (value: string) => string;
}

/** Declares a list of distinct strings, each within the same limits. */
export function Texts({
  minItems = 0,
  maxItems,
  repeatable = false,
  sameAs,
  optional,
  nullable,
  format,
  ...options
}: TextsOptions) {
  const { min = 1, max = 255, controls, fault, ...docs } = options;
  return applyDecorators(
    ApiProperty({
      ...docs,
      type: 'array',
      nullable,
      items: { type: 'string', format, minLength: min, maxLength: max },
      minItems,
      maxItems,
      uniqueItems: !repeatable,
      required: !optional,
    }),
    Rule((value) => {
      if (!Array.isArray(value)) return 'must be an array';
      if (value.length < minItems) return `must have at least ${minItems} items`;
      if (value.length > maxItems) return `must have at most ${maxItems} items`;
      for (const [index, item] of value.entries()) {
        const reason = faultOfText(item, { min, max, controls, fault });
        if (reason) return `[${index}] ${reason}`;
      }
      if (repeatable) return undefined;
      const distinct = new Set(sameAs ? (value as string[]).map(sameAs) : value);
      return distinct.size === value.length ? undefined : 'must not contain a value twice';
    }),
    ...presence(optional, nullable),
  );
}

const toLowerCase = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value);

/** Declares the id of an entity. It is converted to lower case. */
export function Uuid(docs: FieldOptions) {
  return applyDecorators(Text({ ...docs, format: 'uuid', max: 36, fault: faultOfUuid }), Transform(toLowerCase));
}

/** Declares a list of ids of entities, which are distinct unless `repeatable`. They are converted to lower case. */
export function Uuids(docs: FieldOptions & Pick<TextsOptions, 'minItems' | 'maxItems' | 'repeatable'>) {
  return applyDecorators(
    Texts({ ...docs, format: 'uuid', max: 36, fault: faultOfUuid, sameAs: (id) => id.toLowerCase() }),
    Transform(({ value }: { value: unknown }) =>
      Array.isArray(value) ? value.map((item: unknown) => toLowerCase({ value: item })) : value,
    ),
  );
}

interface WholeOptions extends FieldOptions {
  /** Minimum; 0 unless given. */
  min?: number;
  /** Maximum; the largest 32-bit integer unless given. */
  max?: number;
}

const MAX_INT32 = 2_147_483_647;

/** Declares a whole number of a JSON body. */
export function Whole({ min = 0, max = MAX_INT32, optional, nullable, ...docs }: WholeOptions) {
  const format = max > MAX_INT32 ? 'int64' : 'int32';
  return applyDecorators(
    ApiProperty({ ...docs, type: 'integer', nullable, format, minimum: min, maximum: max, required: !optional }),
    Rule((value) => faultOfWhole(value, min, max)),
    ...presence(optional, nullable),
  );
}

/** Returns why a value is not a whole number within these limits, or undefined. */
export function faultOfWhole(value: unknown, min = 0, max = MAX_INT32): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
    ? undefined
    : `must be a whole number from ${min} to ${max}`;
}

/** Declares a query parameter that is a whole number. */
export function QueryWhole(options: WholeOptions) {
  return applyDecorators(
    Whole(options),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ),
  );
}

/** Declares a boolean of a JSON body. */
export function Flag({ optional, nullable, ...docs }: FieldOptions) {
  return applyDecorators(
    ApiProperty({ ...docs, type: 'boolean', nullable, required: !optional }),
    IsBoolean({ message: 'must be true or false' }),
    ...presence(optional, nullable),
  );
}

const FLAGS = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
]);

/** Declares a boolean query parameter: `true` or `false`, in any case. */
export function QueryFlag({ optional, ...docs }: FieldOptions & ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: Boolean, required: !optional }),
    Transform(({ value }: { value: unknown }) => FLAGS.get(toLowerCase({ value })) ?? value),
    IsBoolean({ message: 'must be true or false' }),
    ...presence(optional),
  );
}

interface ChoiceOptions extends FieldOptions {
  values: readonly string[];
  /**
   * Returns why a value outside of the list is refused. Unless given, the reason names the allowed values or the likely
   * one.
   */
  fault?: (value: unknown, verb: Verb) => string;
}

/** Declares a list of distinct values of an enumeration. */
export function Choices({
  values,
  fault = faultAmong(values),
  optional,
  nullable,
  ...docs
}: ChoiceOptions): PropertyDecorator {
  const unknownOf = (given: unknown): unknown => [given].flat().find((value) => !values.includes(value as string));
  return applyDecorators(
    ApiProperty({
      ...docs,
      nullable,
      type: String,
      enum: values,
      isArray: true,
      required: !optional,
      uniqueItems: true,
    }),
    IsArray({ message: 'must be an array' }),
    ArrayMaxSize(values.length, { message: `must have at most ${values.length} items` }),
    IsIn(values, { each: true, message: ({ value }) => literal(fault(unknownOf(value), 'contains')) }),
    ArrayUnique({ message: 'must not contain a value twice' }),
    ...presence(optional, nullable),
  );
}

/** Declares one value of an enumeration. */
export function Choice({
  values,
  fault = faultAmong(values),
  optional,
  nullable,
  ...docs
}: ChoiceOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: 'string', nullable, enum: values, required: !optional }),
    OneOf(values, fault),
    ...presence(optional, nullable),
  );
}

/** Validates that a value is one of an enumeration. @param fault why another one is refused */
export function OneOf(values: readonly string[], fault = faultAmong(values)): PropertyDecorator {
  return IsIn(values, { message: ({ value }) => literal(fault(value, 'is')) });
}

/** Stands for `$` in messages, in which class-validator would replace `$value` and the like. */
const DOLLAR = '\uE024';

/** Returns a message that class-validator leaves as it is; {@link readable} restores it. */
function literal(message: string): string {
  return message.replaceAll('$', DOLLAR);
}

/** Returns the text of a {@link literal} message. */
export function readable(message: string): string {
  return message.replaceAll(DOLLAR, '$');
}

function faultAmong(values: readonly string[]): (value: unknown, verb: Verb) => string {
  const known = new KnownNames(values);
  return (value, verb) => faultOfChoice(value, known, verb);
}

/** Returns the decorators for a field that may be absent or null. `IsOptional` would accept `null` for both. */
export function presence(optional = false, nullable = false): PropertyDecorator[] {
  if (!optional && !nullable) return [];
  return [ValidateIf((_, value) => !(optional && value === undefined) && !(nullable && value === null))];
}

/** A validation rule that returns its own message. */
function Rule(fault: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'rule',
    validator: {
      validate: (value) => fault(value) === undefined,
      defaultMessage: (args) => literal(fault(args?.value) ?? 'is not valid'),
    },
  });
}

interface CheckedOptions extends FieldOptions {
  /** Returns why a value is refused, or undefined. */
  fault: (value: unknown) => string | undefined;
  /** The schema of the field in the OpenAPI document. */
  schema: ApiPropertyOptions;
}

/** Declares a field with its own rule, such as a map. */
export function Checked({ fault, schema, optional, nullable, ...docs }: CheckedOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, ...schema, nullable, required: !optional } as ApiPropertyOptions),
    Rule(fault),
    ...presence(optional, nullable),
  );
}
