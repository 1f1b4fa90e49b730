import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { instantOf } from '#libs/platform/instant.js';
import { type FieldOptions, Text } from './fields.js';

/** With as many digits, and as long a time zone, as anybody writes. */
const MAX_INSTANT = 100;
export const EXAMPLE_INSTANT = '2026-03-14T09:26:53Z';

/** An instant with its offset from UTC, as {@link instantOf} reads it. Becomes `2026-03-14T09:26:53.000Z`. */
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

/** The same among the query parameters, where the plus of an offset that is not encoded arrives as a space. */
export function QueryInstant(docs: FieldOptions) {
  return applyDecorators(
    Instant(docs),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? inUtc(value.replace(/ (?=\d\d:?\d\d(?:$|\[))/, '+')) : value,
    ),
  );
}

/** One text for each instant, so that the same is told by comparing. */
function inUtc(value: unknown): unknown {
  return typeof value === 'string' ? (instantOf(value)?.toISOString() ?? value) : value;
}
