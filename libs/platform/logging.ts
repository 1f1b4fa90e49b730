import { hostname } from 'node:os';
import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';
import { DomainError, OutageError } from './domain-error.js';

/**
 * Names of fields that are redacted: secrets; fields of database errors that quote rows and parameters, which may be
 * personal; and fields of Redis errors that quote commands.
 */
const UNLOGGED = new Set([
  ...['authorization', 'customHeaders', 'secretKey', 'password', 'token'],
  ...['detail', 'where', 'parameters'],
  ...['command', 'previousErrors'],
]);
type Fields = Record<string, unknown>;
/** Maximum depth of nested objects. */
const DEPTH = 4;
/** Maximum number of characters of a line's fields, names and values together, and of one value. */
const [MAX_LINE, MAX_TEXT] = [6_000, 2_000];
const ELLIPSIS = '…';
/** Number of characters that an item or a field counts besides its text. */
const ITEM = 8;

/** The number of characters that are left for a line. */
interface Room {
  left: number;
}

/** The role of the process that logs. */
export type Role = 'api' | 'worker' | 'standalone';

/** Errors that {@link shown} has converted: converted again, all would have the type `Object`. */
const SERIALIZERS = { err: (error: unknown) => error };

/**
 * Returns the process's log: JSON lines on standard output, with the fields {@link UNLOGGED} redacted.
 * @param product which program logs
 */
export function createLogger(level: string, role: Role, product: object = {}): Pino {
  return pino({
    level,
    base: { role, ...product, host: hostname(), pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: SERIALIZERS,
    hooks: {
      logMethod(args, method) {
        if (!isOfOutage(args[0])) method.apply(this, args);
      },
    },
    // pino's own redaction costs ten times as much as the rest of a line.
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => withoutSecrets(fields),
      bindings: (fields) => withoutSecrets(fields),
    },
  });
}

/** Returns whether a line would report an outage again. */
function isOfOutage(fields: unknown): boolean {
  return (fields as { err?: unknown } | undefined)?.err instanceof OutageError;
}

/** Returns a log for Nest and all that logs through `@nestjs/common`. */
export function nestLogger(logger: Pino): LoggerService {
  return new Logger(new PinoLogger({ pinoHttp: { logger, serializers: SERIALIZERS, wrapSerializers: false } }), {});
}

/**
 * Returns a value as the log shows it, with objects, lists and errors cut to the depth and the room. Values with a
 * `toJSON` are kept.
 */
function shown(value: unknown, room: Room, depth: number): unknown {
  if (typeof value === 'string') return cut(value, room);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0 || ArrayBuffer.isView(value)) return ELLIPSIS;
  if ('toJSON' in value) return value;
  if (Array.isArray(value))
    return Array.from(withinRoom(value as unknown[], room), (item) => shown(item, room, depth - 1));
  const fields = value instanceof Error ? { ...pino.stdSerializers.err(loggedError(value)) } : (value as Fields);
  return withoutSecrets(fields, room, depth);
}

/** Returns the cause of an unavailable database, which callers do not see, for the log. */
function loggedError(error: Error): Error {
  const isUnavailable = error instanceof DomainError && error.kind === 'unavailable';
  return isUnavailable && error.cause instanceof Error ? error.cause : error;
}

function withoutSecrets(fields: Fields, room: Room = { left: MAX_LINE }, depth = DEPTH): Fields {
  // Short values such as ids come first, so that long ones cannot crowd them out.
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

/** Counts some room for each item. */
function* withinRoom<T>(items: T[], room: Room): Generator<T> {
  for (const item of items) {
    if (room.left <= 0) return;
    room.left -= ITEM;
    yield item;
  }
}
