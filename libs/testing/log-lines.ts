import { Writable } from 'node:stream';
import { PinoLogger } from 'nestjs-pino';
import { type Logger } from 'pino';

/** The fields of a line. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON
export type Line = Record<string, any>;

/**
 * Keeps what a log and its children write from now on, instead of writing it to standard output. So does that of Nest, which
 * in a process that runs several test files stays the log of the first.
 */
export function keepLines(logger: Logger): Line[] {
  const lines: Line[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const symbol = Object.getOwnPropertySymbols(logger).find(({ description }) => description === 'pino.stream');
  const ofNest = PinoLogger.root as Logger | undefined;
  for (const log of [logger, ofNest]) {
    if (log) Object.assign(log, { [symbol as symbol]: stream, level: logger.level });
  }
  return lines;
}
