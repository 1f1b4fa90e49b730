import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';

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
    formatters: { log: (fields) => withoutSecrets(fields) },
  });
}

/** The same log for Nest and all that logs through `@nestjs/common`. */
export function nestLogger(logger: Pino): LoggerService {
  return new Logger(new PinoLogger({ pinoHttp: { logger } }), {});
}

/** Looks into plain objects, lists and errors; other objects are shown as JSON has them. */
function shown(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(item, depth - 1));
  if (value instanceof Error) return withoutSecrets({ ...pino.stdSerializers.err(value) }, depth);
  return Object.getPrototypeOf(value) === Object.prototype ? withoutSecrets(value as Fields, depth) : value;
}

function withoutSecrets(fields: Fields, depth = DEPTH): Fields {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, UNLOGGED.has(name) ? '[Redacted]' : shown(value, depth - 1)]),
  );
}
