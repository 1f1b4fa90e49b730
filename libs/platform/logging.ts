import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';

/** What is secret, and where errors of the database quote rows and parameters, which may be personal. */
const UNLOGGED = [
  ...['authorization', 'customHeaders', 'secretKey', 'password', 'token'],
  ...['detail', 'where', 'parameters'],
];

/** The process's log: JSON lines on standard output. Values of these fields do not appear, up to three levels deep. */
export function createLogger(level: string): Pino {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: UNLOGGED.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  });
}

/** The same log for Nest and all that logs through `@nestjs/common`. */
export function nestLogger(logger: Pino): LoggerService {
  return new Logger(new PinoLogger({ pinoHttp: { logger } }), {});
}
