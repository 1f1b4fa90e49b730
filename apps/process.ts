import { setFlagsFromString } from 'node:v8';
import { loadConfig, InvalidConfig, type Config } from './config.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { createLogger, type Role } from '#libs/platform/logging.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { startTracing } from '#libs/platform/tracing.js';
import { type Logger } from 'pino';
import { startWatchdog } from './watchdog.js';

/** Maximum duration of a shutdown, after which the process exits anyway; the delay before it is not included. */
export const STOP_SECONDS = 30;
/** Time within which repeated signals count as one: Ctrl-C arrives from the terminal and again through npm. */
const ECHO_MS = 1_000;

/**
 * The work of a process; returns a function to stop it.
 * @param draining aborted as soon as the process is told to stop, even while it starts
 */
export type Main = (config: Config, logger: Logger, draining: AbortSignal) => Promise<() => Promise<void>>;

/**
 * Runs a process from its configuration to its end. Ctrl-C and SIGTERM shut it down gracefully; a second one exits at
 * once. An error that prevents the start is printed in one line, with status 1.
 * @param defaults of this program's variables, where they differ from those of the settings
 */
export async function runProcess(role: Role, main: Main, defaults: NodeJS.ProcessEnv = {}): Promise<void> {
  collectGarbageEarly();
  const draining = new AbortController();
  let delayMs = 0;
  const stopRequested = new Promise<void>((resolve) => {
    let askedAt: number | undefined;
    const ask = () => {
      if (askedAt !== undefined && performance.now() - askedAt > ECHO_MS) process.exit(130);
      askedAt ??= performance.now();
      draining.abort();
      resolve();
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
  });
  // This also ends a start that hangs.
  void stopRequested.then(() => setTimeout(() => process.exit(1), STOP_SECONDS * 1000 + delayMs).unref());
  try {
    const config = loadConfig(process.env, defaults);
    delayMs = config.shutdownDelayMs;
    const logger = createLogger(config.logLevel, role, config.product);
    startWatchdog(config.eventLoopTimeoutSeconds, logger);
    const stopTracing = await trace(config, role);
    const stop = await main(config, logger, draining.signal);
    await stopRequested;
    logger.info('Stopping after requests and deliveries under way have ended');
    await stop();
    await stopTracing();
    process.exit(0);
  } catch (error) {
    explain(error);
    process.exit(1);
  }
}

async function trace({ otlpEndpoint }: Config, role: Role): Promise<() => Promise<void>> {
  return otlpEndpoint === undefined ? () => Promise.resolve() : startTracing(otlpEndpoint, `deskstream-${role}`);
}

/**
 * Keeps objects of requests in the young generation. When many objects have survived, as those of long bulk requests
 * do, V8 allocates later ones in the old generation. There they keep younger objects alive after their request has
 * ended, which made each later request cost half as much again. The old generation may grow by a fifth between
 * collections, because requests leave little there; V8's default is more than half.
 */
function collectGarbageEarly(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=20');
}

/** Prints an error; only unexpected ones with their stack. */
export function explain(error: unknown): void {
  const expected = [StartupError, InvalidConfig, DomainError].some((kind) => error instanceof kind);
  process.stderr.write(`\n${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n\n`);
}

/** Undoes steps in reverse order, each even if another failed, also after a partial start. */
export class Teardown {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
