import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';
import { DomainError } from './domain-error.js';

/**
 * What is secret; where errors of the database quote rows and parameters, which may be personal; and where errors of Redis
 * quote commands with scripts and arguments.
 */
const UNLOGGED = new Set([
  ...['authorization', 'customHeaders', 'secretKey', 'password', 'token'],
  ...['detail', 'where', 'parameters'],
  ...['command', 'previousErrors'],
]);
type Fields = Record<string, unknown>;
/** Objects within objects that are looked into. */
const DEPTH = 4;
/** Characters of a line's fields, names and values together, and of one value. */
const [MAX_LINE, MAX_TEXT] = [6_000, 2_000];
const ELLIPSIS = '…';
/** What an item of a list, or a field, takes besides its text. */
const ITEM = 8;

/** What a line still has room for. */
interface Room {
  left: number;
}

/** The process's log: JSON lines on standard output. Values of the fields {@link UNLOGGED} do not appear. */
export function createLogger(level: string): Pino {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // pino's own redaction costs ten times what the rest of a line does.
    formatters: { log: (fields) => withoutSecrets(fields), bindings: (fields) => withoutSecrets(fields) },
  });
}

/** The same log for Nest and all that logs through `@nestjs/common`. */
export function nestLogger(logger: Pino): LoggerService {
  return new Logger(new PinoLogger({ pinoHttp: { logger } }), {});
}

/**
 * Looks into objects, lists and errors, as far as the log goes, and while there is room. What shows itself as JSON in its
 * own way does so.
 */
function shown(value: unknown, room: Room, depth: number): unknown {
  if (typeof value === 'string') return cut(value, room);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0 || ArrayBuffer.isView(value)) return ELLIPSIS;
  if ('toJSON' in value) return value;
  if (Array.isArray(value))
    return Array.from(withinRoom(value as unknown[], room), (item) => shown(item, room, depth - 1));
  const fields = value instanceof Error ? { ...pino.stdSerializers.err(told(value)) } : (value as Fields);
  return withoutSecrets(fields, room, depth);
}

/** Callers are told only that there is no database just now; the log is told why. */
function told(error: Error): Error {
  const isUnavailable = error instanceof DomainError && error.kind === 'unavailable';
  return isUnavailable && error.cause instanceof Error ? error.cause : error;
}

function withoutSecrets(fields: Fields, room: Room = { left: MAX_LINE }, depth = DEPTH): Fields {
  // Ids and the like come first, so that what is long cannot crowd them out.
  const entries = Object.entries(fields).sort(([, one], [, other]) => Number(isLong(one)) - Number(isLong(other)));
  return Object.fromEntries(
    Array.from(withinRoom(entries, room), ([name, value]) => [
      cut(name, room),
      UNLOGGED.has(name) ? '[Redacted]' : shown(value, room, depth - 1),
    ]),
  );
}

function isLong(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function cut(text: string, room: Room): string {
  const most = Math.min(MAX_TEXT, Math.max(0, room.left));
  room.left -= Math.min(text.length, most);
  return text.length > most ? text.slice(0, most) + ELLIPSIS : text;
}

/** Each item takes some room, whatever it is. */
function* withinRoom<T>(items: T[], room: Room): Generator<T> {
  for (const item of items) {
    if (room.left <= 0) return;
    room.left -= ITEM;
    yield item;
  }
}
