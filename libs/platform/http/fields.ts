import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, ValidateBy, ValidateIf } from 'class-validator';
import { isPlainText } from '../values.js';

/** What each field of an input says of itself: once, for validation and documentation alike. */
export interface FieldOptions {
  description: string;
  example?: unknown;
  /** May be left out. `null` is refused all the same. */
  optional?: boolean;
}

interface TextOptions extends FieldOptions {
  /** Characters; 1 unless given. Outer space does not count. */
  min?: number;
  /** Characters; 255 unless given. */
  max?: number;
  format?: string;
  /** A further rule: why a value is refused, or undefined. */
  fault?: (value: string) => string | undefined;
}

/** A string that PostgreSQL and JSON can both carry, within its length. */
export function Text({ min = 1, max = 255, optional, format, fault, ...docs }: TextOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: String, format, minLength: min, maxLength: max, required: !optional }),
    Rule((value) => {
      if (typeof value !== 'string') return 'must be a string';
      if (value.trim().length < min) return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
      if (value.length > max) return `must have at most ${max} characters`;
      if (!isPlainText(value)) return 'must not hold NUL characters or lone surrogates';
      return fault?.(value);
    }),
    ...presence(optional),
  );
}

/** A boolean of a JSON body. */
export function Flag({ optional, ...docs }: FieldOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: Boolean, required: !optional }),
    IsBoolean({ message: 'must be true or false' }),
    ...presence(optional),
  );
}

/** A boolean query parameter: `true` or `false`. */
export function QueryFlag({ optional, ...docs }: FieldOptions & ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: Boolean, required: !optional }),
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    IsBoolean({ message: 'must be true or false' }),
    ...presence(optional),
  );
}

interface ChoiceOptions extends FieldOptions {
  values: readonly string[];
}

/** A list of distinct values out of an enumeration. */
export function Choices({ values, optional, ...docs }: ChoiceOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: String, enum: values, isArray: true, required: !optional, uniqueItems: true }),
    IsArray({ message: 'must be an array' }),
    ArrayMaxSize(values.length, { message: `must have at most ${values.length} items` }),
    IsIn(values, { each: true, message: `may only hold: ${values.join(', ')}` }),
    ArrayUnique({ message: 'must not hold a value twice' }),
    ...presence(optional),
  );
}

/** One value out of an enumeration. */
export function Choice({ values, optional, ...docs }: ChoiceOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: String, enum: values, required: !optional }),
    IsIn(values, { message: `must be one of: ${values.join(', ')}` }),
    ...presence(optional),
  );
}

/** `IsOptional` would let `null` through, which means something else than a field left out. */
function presence(optional = false): PropertyDecorator[] {
  return optional ? [ValidateIf((_, value) => value !== undefined)] : [];
}

/** A validation that says itself why it refuses. */
function Rule(fault: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'rule',
    validator: {
      validate: (value) => fault(value) === undefined,
      defaultMessage: (args) => fault(args?.value) ?? 'is not valid',
    },
  });
}

interface CheckedOptions extends FieldOptions {
  /** Why a value is refused, or undefined. */
  fault: (value: unknown) => string | undefined;
  /** The field in the OpenAPI document. */
  schema: ApiPropertyOptions;
}

/** A field with a rule of its own, such as a map. */
export function Checked({ fault, schema, optional, ...docs }: CheckedOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, ...schema, required: !optional } as ApiPropertyOptions),
    Rule(fault),
    ...presence(optional),
  );
}
