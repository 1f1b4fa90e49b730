import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { instantOf } from '#libs/platform/instant.js';
import { type FieldOptions, Text } from './fields.js';

/** Maximum number of characters: enough for many digits and a long time zone. */
const MAX_INSTANT = 100;
export const EXAMPLE_INSTANT = '2026-03-14T09:26:53Z';

/** Declares an instant with its offset from UTC, as {@link instantOf} reads it. Becomes `2026-03-14T09:26:53.000Z`. */
export function Instant(docs: FieldOptions) {
  return applyDecorators(
    Text({
      ...docs,
      format: 'date-time',
      max: MAX_INSTANT,
      fault: (value) => (instantOf(value) ? undefined : `must be an instant such as ${EXAMPLE_INSTANT}`),
    }),
    Transform(({ value }: { value: unknown }) => inUtc(value)),
  );
}

/** Declares an instant as a query parameter, where the plus of an unencoded offset arrives as a space. */
export function QueryInstant(docs: FieldOptions) {
  return applyDecorators(
    Instant(docs),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? inUtc(value.replace(/ (?=\d\d:?\d\d(?:$|\[))/, '+')) : value,
    ),
  );
}

/** Returns one spelling for each instant, so that equal instants are equal texts. */
function inUtc(value: unknown): unknown {
  return typeof value === 'string' ? (instantOf(value)?.toISOString() ?? value) : value;
}
