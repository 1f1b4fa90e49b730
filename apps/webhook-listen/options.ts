import { parseArgs } from 'node:util';
import { StartupError } from '#libs/platform/startup-error.js';

/** The options of the listening tool. */
export interface ListenOptions {
  /** 0 takes any free port. */
  port: number;
  /** The subscription's `secretKey`, in hex. Absent: signatures are not verified. */
  secret?: string;
  /** Status that deliveries are answered with. */
  status: number;
  /** Delay of an answer, in milliseconds. */
  delay: number;
}

export const USAGE = `npm run webhook:listen -- [options]
  --port <port>       where to listen; 4000 unless given
  --secret <key>      the subscription's secretKey; without it, signatures are not verified
  --status <status>   what to answer, 200 to 599; 200 unless given; 401 where the signature is wrong
  --delay <ms>        how long to take for an answer, up to 600000; 0 unless given`;

/** @throws {StartupError} that says what to write instead */
export function readOptions(args: string[]): ListenOptions & { help: boolean } {
  const { port, secret, status, delay, help } = parse(args);
  if (secret !== undefined && !/^[0-9a-f]{64}$/i.test(secret)) {
    throw new StartupError("--secret must be the subscription's secretKey: 64 characters in hex.");
  }
  return {
    port: integer('--port', port, 0, 65_535),
    secret,
    status: integer('--status', status, 200, 599),
    delay: integer('--delay', delay, 0, 600_000),
    help,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4000' },
        secret: { type: 'string' },
        status: { type: 'string', default: '200' },
        delay: { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    const [reason] = (error as Error).message.split('. ', 1);
    throw new StartupError(`${reason}. Usage:\n\n${USAGE}`);
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new StartupError(`${name} must be a whole number from ${least} to ${most}.`);
}
