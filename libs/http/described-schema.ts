import { type Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { named } from './endpoint.js';
import { Variant } from './nested-fields.js';

/** A field of an output: its description, an example, and how it differs from a required text. */
export type DescribedField = [description: string, example: unknown, more?: ApiPropertyOptions];

/**
 * Returns the class of a variant of a union that is only returned: for unions of many variants with few fields each.
 * The description says if no operation returns the variant yet.
 * @param type the value of `_type`, if the schema has another name
 */
export function describedSchema(
  name: string,
  description: string,
  fields: Record<string, DescribedField>,
  type = name,
): Type {
  class Shown {
    @Variant(type, description)
    _type: string;
  }
  for (const [field, [about, example, more]] of Object.entries(fields)) {
    const usual = more && 'oneOf' in more ? Object : String;
    const options = { type: usual, description: about, example, ...more } as ApiPropertyOptions;
    ApiProperty(options)(Shown.prototype, field);
  }
  return named(name, Shown);
}

/** Options of a field that may be absent. */
export const OPTIONAL: ApiPropertyOptions = { required: false };
