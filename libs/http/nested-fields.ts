import { applyDecorators, type Type as Class } from '@nestjs/common';
import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { plainToInstance, Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsObject, ValidateNested } from 'class-validator';
import { isRecord } from '#libs/platform/values.js';
import { type FieldOptions, OneOf, presence } from './fields.js';

/** Returns `oneOf` over classes that are distinguished by `_type`, which each class declares with one value. */
export function unionSchema(variants: Record<string, Class>) {
  return {
    oneOf: Object.values(variants).map((type) => ({ $ref: getSchemaPath(type) })),
    discriminator: {
      propertyName: '_type',
      mapping: Object.fromEntries(Object.entries(variants).map(([tag, type]) => [tag, getSchemaPath(type)])),
    },
  };
}

/** Declares the `_type` of a variant of a union: one required value. */
export function Variant(value: string, description: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ description, enum: [value], example: value }),
    IsIn([value], { message: `must be ${value}` }),
  );
}

/** Declares an object with its own DTO. Swagger recognizes a function as a type by its name: it must be `type`. */
export function Nested(type: () => Class, { optional, nullable, ...docs }: FieldOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: () => type(), nullable, required: !optional }),
    IsObject({ message: 'must be an object' }),
    ValidateNested(),
    Type(type),
    ...presence(optional, nullable),
  );
}

/**
 * Declares an object that is one of several DTOs, distinguished by `_type`. Register the variants with
 * `@ApiExtraModels` on the class that has the field.
 */
export function Union(variants: Record<string, Class>, { optional, nullable, ...docs }: FieldOptions) {
  const kind = kindOf(variants);
  return applyDecorators(
    ApiProperty({ ...docs, ...unionSchema(variants), nullable, required: !optional }),
    IsObject({ message: 'must be an object with a _type' }),
    ValidateNested(),
    // class-transformer's own discriminator fails on lists that contain null.
    Transform(({ value }: { value: unknown }): unknown =>
      isRecord(value) ? plainToInstance(variants[tagOf(value, variants)] ?? kind, value) : value,
    ),
    ...presence(optional, nullable),
  );
}

/** Returns the `_type` of a value if it is that of a variant, else an empty text. */
export function tagOf(value: unknown, variants: Record<string, Class>): string {
  const tag = isRecord(value) ? value._type : undefined;
  return typeof tag === 'string' && Object.hasOwn(variants, tag) ? tag : '';
}

/** Returns the class that validates, and refuses, a value of an unknown variant. */
export function kindOf(variants: Record<string, Class>): Class {
  const names = Object.keys(variants);
  class Kind {
    @OneOf(names)
    _type: string;
  }
  return Kind;
}

/** Declares a list of objects that are each one of several DTOs: see {@link Union}. */
export function UnionList(
  variants: Record<string, Class>,
  { maxItems, optional, nullable, ...docs }: FieldOptions & { maxItems: number },
) {
  const kind = kindOf(variants);
  const instanceOf = (value: unknown): unknown =>
    isRecord(value) ? plainToInstance(variants[tagOf(value, variants)] ?? kind, value) : value;
  return applyDecorators(
    ApiProperty({ ...docs, type: 'array', items: unionSchema(variants), maxItems, required: !optional }),
    IsArray({ message: 'must be an array' }),
    ArrayMaxSize(maxItems, { message: `must have at most ${maxItems} items` }),
    IsObject({ each: true, message: 'may only contain objects with a _type' }),
    ValidateNested({ each: true }),
    Transform(({ value }: { value: unknown }): unknown => (Array.isArray(value) ? value.map(instanceOf) : value)),
    ...presence(optional, nullable),
  );
}

/** Declares a list of objects with their own DTO. */
export function NestedList(
  type: () => Class,
  { maxItems, optional, nullable, ...docs }: FieldOptions & { maxItems: number },
): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...docs, type: () => type(), isArray: true, maxItems, required: !optional }),
    IsArray({ message: 'must be an array' }),
    ArrayMaxSize(maxItems, { message: `must have at most ${maxItems} items` }),
    IsObject({ each: true, message: 'may only contain objects' }),
    ValidateNested({ each: true }),
    Type(type),
    ...presence(optional, nullable),
  );
}
