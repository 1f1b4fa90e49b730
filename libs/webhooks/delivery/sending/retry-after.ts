const HOUR_MS = 3_600_000;
const SECONDS = /^\d+$/;
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:[a-z]*day)?,? /;

/**
 * Returns the milliseconds that a Retry-After header asks to wait, at most an hour. Undefined when it is absent, in the
 * past, or neither seconds nor an HTTP date.
 */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const value = [header].flat()[0]?.trim() ?? '';
  const wait = SECONDS.test(value) ? Number(value) * 1000 : HTTP_DATE.test(value) ? timeOf(value) - now : NaN;
  return wait > 0 ? Math.min(wait, HOUR_MS) : undefined;
}

/** Parses an HTTP date, whose oldest form does not state GMT. */
function timeOf(date: string): number {
  return Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
}
