/** RFC 3339; as in ISO 8601, seconds and the offset's colon are optional. */
const DATE_TIME =
  /^(?<date>\d{4}-\d\d-\d\d)T(?<time>(?:[01]\d|2[0-3]):[0-5]\d)(?::(?<seconds>[0-5]\d|60)(?:\.(?<fraction>\d+))?)?(?:Z|(?<sign>[+-])(?<hours>[01]\d|2[0-3]):?(?<minutes>[0-5]\d))(?<suffixes>\[.*\])?$/i;
/** A time zone of RFC 9557, by name or offset. `!` marks a critical one. */
const ZONE = /^!?(?:[a-z._][\w.+-]*(?:\/[a-z._][\w.+-]*)*|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
/** A key of RFC 9557 with its values, such as the calendar to show the instant in. */
const TAG = /^!?[a-z_][a-z\d_-]*=[A-Za-z\d]+(?:-[A-Za-z\d]+)*$/;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * Returns an instant that is written as in RFC 3339, truncated to milliseconds. A leap second is the midnight after it.
 * Suffixes of RFC 9557 such as `[Europe/Copenhagen]` are ignored, because the offset decides; a critical one must be
 * known and agree with the offset.
 * @returns undefined when the text is not an instant of the years 1 to 9999
 */
export function instantOf(text: string): Date | undefined {
  const { date = '', time = '', seconds = '00', fraction = '', ...zone } = DATE_TIME.exec(text)?.groups ?? {};
  const leap = seconds === '60';
  const local = new Date(`${date}T${time}:${leap ? '59' : seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // Date parses February 30 as March 2.
  if (isNaN(local.getTime()) || !local.toISOString().startsWith(date)) return undefined;
  // Z and -00:00 tell nothing about local time.
  const offset = zone.sign && `${zone.sign}${zone.hours}:${zone.minutes}`;
  const instant = new Date(local.getTime() - minutesOf(offset) * MINUTE_MS);
  if (leap && !instant.toISOString().includes('T23:59:59')) return undefined;
  if (leap) instant.setTime(instant.getTime() + SECOND_MS);
  return isStorable(instant) && isKnown(zone.suffixes, instant, offset) ? instant : undefined;
}

/** Parses an offset such as `+01:00`. */
function minutesOf(offset = '+00:00'): number {
  const [hours, minutes] = offset.slice(1).split(':');
  return (offset.startsWith('-') ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Checks the year: an offset can leave the four-digit years, and PostgreSQL has no year 0. */
function isStorable(instant: Date): boolean {
  return /^(?!0000)\d{4}-/.test(instant.toISOString());
}

/** Returns whether the suffixes are well-formed, and the critical ones true. */
function isKnown(suffixes: string | undefined, instant: Date, offset: string | undefined): boolean {
  const [first = '', ...others] = suffixes?.slice(1, -1).split('][') ?? [];
  if (suffixes === undefined) return true;
  if (!(ZONE.test(first) || TAG.test(first)) || !others.every((tag) => TAG.test(tag))) return false;
  if (others.some(isCritical) || (isCritical(first) && TAG.test(first))) return false;
  return !isCritical(first) || isOffsetOf(first.slice(1), instant, offset);
}

const isCritical = (suffix: string) => suffix.startsWith('!');

/** Returns whether a time zone exists and has this offset, if any, at the instant. */
function isOffsetOf(timeZone: string, instant: Date, offset: string | undefined): boolean {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const shown = format
      .formatToParts(instant)
      .find(({ type }) => type === 'timeZoneName')
      ?.value.slice('GMT'.length);
    return offset === undefined || offset === '-00:00' || minutesOf(shown || undefined) === minutesOf(offset);
  } catch {
    return false;
  }
}
