import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';
import { DomainError } from './domain-error.js';

/** What is secret, and where errors of the database quote rows and parameters, which may be personal. */
const UNLOGGED = new Set([
  ...['authorization', 'customHeaders', 'secretKey', 'password', 'token'],
  ...['detail', 'where', 'parameters'],
]);
type Fields = Record<string, unknown>;
/** Objects within objects that are looked into. */
const DEPTH = 4;

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

/** Looks into objects, lists and errors, as far as the log goes. What shows itself as JSON in its own way does so. */
function shown(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((item) => shown(item, depth - 1));
  return withoutSecrets(
    value instanceof Error ? { ...pino.stdSerializers.err(told(value)) } : (value as Fields),
    depth,
  );
}

/** Callers are told only that there is no database just now; the log is told why. */
function told(error: Error): Error {
  const isUnavailable = error instanceof DomainError && error.kind === 'unavailable';
  return isUnavailable && error.cause instanceof Error ? error.cause : error;
}

function withoutSecrets(fields: Fields, depth = DEPTH): Fields {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, UNLOGGED.has(name) ? '[Redacted]' : shown(value, depth - 1)]),
  );
}
