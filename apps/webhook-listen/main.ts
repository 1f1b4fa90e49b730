import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '#libs/platform/reason.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { explain } from '../process.js';
import { type ListenOptions, readOptions, USAGE } from './options.js';
import { faultOfDixaSignature, faultOfSignature } from './verify.js';

/** The number of times that each `webhook-id` has arrived. */
const seen = new Map<string, number>();

/** The status for requests whose signature is wrong. */
const NOT_VERIFIED = 401;

/** Runs a receiver for trials: prints each delivery, and whether its signature is right. */
async function main(): Promise<void> {
  const { help, ...options } = readOptions(process.argv.slice(2));
  if (help) {
    print(USAGE);
    return;
  }
  print(
    `Deliveries to ${await listen(options)} are printed here, and answered with ${options.status}. Ctrl-C ends it.`,
  );
  if (!options.secret) print("Signatures are not verified: for that, give the subscription's secretKey as --secret.");
}

async function listen(options: ListenOptions): Promise<string> {
  const server = createServer((request, response) => {
    receive(request, options)
      .then((status) => response.writeHead(status).end('received'))
      .catch((error: unknown) => {
        print(`A request was interrupted: ${reasonOf(error)}`);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  }).catch((error: unknown) => {
    throw new StartupError(`Cannot listen on port ${options.port} (${reasonOf(error)}). Choose another with --port.`);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns the status to answer with. */
async function receive(request: IncomingMessage, { secret, delay, status }: ListenOptions): Promise<number> {
  const body = await buffer(request);
  const id = request.headers['webhook-id']?.toString();
  const times = id ? (seen.get(id) ?? 0) + 1 : 1;
  if (id) seen.set(id, times);
  const { name, text } = read(body);
  const time = new Date().toISOString().slice(11, 23);
  const fault = secret === undefined ? undefined : faultOf(request, body, secret);
  const trust = fault ? `NOT verified: ${fault}` : secret === undefined ? 'unverified' : 'verified';
  const head = [time, name ?? `${request.method} ${request.url}`, id ?? 'without webhook-id', trust];
  print(`\n${head.join('  ')}${times > 1 ? `  (a repetition: it has come ${times} times)` : ''}\n${text}`);
  if (delay > 0) await pause(delay);
  return fault ? NOT_VERIFIED : status;
}

/** Returns what is wrong with the signatures, if anything. */
function faultOf({ headers }: IncomingMessage, body: Buffer, secret: string): string | undefined {
  const dixa = headers['x-dixa-signature'] ? faultOfDixaSignature(headers, body, secret) : undefined;
  return faultOfSignature(headers, body, secret) ?? dixa;
}

/** Returns the event's name, if any, and the body in readable form. */
function read(body: Buffer): { name?: string; text: string } {
  const raw = body.toString();
  try {
    const payload = JSON.parse(raw) as { event_fqn?: unknown } | null;
    const name = payload?.event_fqn;
    return { ...(typeof name === 'string' && { name }), text: JSON.stringify(payload, null, 2) };
  } catch {
    return { text: raw };
  }
}

/** Prints text whose control characters cannot affect the terminal. */
function print(text: string): void {
  process.stdout.write(`${text.replace(/(?![\n\t])\p{Cc}/gu, '\uFFFD')}\n`);
}

process.on('SIGINT', () => process.exit(0)).on('SIGTERM', () => process.exit(0));
try {
  await main();
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
