import { loadConfig, InvalidConfig, type Config } from '#libs/platform/config.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { createLogger } from '#libs/platform/logging.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Logger } from 'pino';
import { startWatchdog } from './watchdog.js';

/** How long a stop may take before the process ends regardless. */
const STOP_SECONDS = 30;
/** Ctrl-C reaches this process from the terminal and again through npm: within this time it is one wish. */
const ECHO_MS = 1_000;

/** What a process does: it returns how to stop again. */
export type Main = (config: Config, logger: Logger) => Promise<() => Promise<void>>;

/**
 * Runs a process from its configuration to its end. Ctrl-C and SIGTERM stop it in order; a second one at once.
 * Whatever keeps it from starting is told in one line, with status 1.
 */
export async function runProcess(main: Main): Promise<void> {
  const stopRequested = new Promise<void>((resolve) => {
    let askedAt: number | undefined;
    const ask = () => {
      if (askedAt !== undefined && performance.now() - askedAt > ECHO_MS) process.exit(130);
      askedAt ??= performance.now();
      resolve();
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
  });
  // Also of a start that does not come to an end.
  void stopRequested.then(() => setTimeout(() => process.exit(1), STOP_SECONDS * 1000).unref());
  try {
    const config = loadConfig();
    const logger = createLogger(config.logLevel);
    startWatchdog(config.eventLoopTimeoutSeconds, logger);
    const stop = await main(config, logger);
    await stopRequested;
    logger.info('Stopping; what is under way is finished first');
    await stop();
    process.exit(0);
  } catch (error) {
    explain(error);
    process.exit(1);
  }
}

/** Tells people why; only what nobody foresaw shows its stack. */
export function explain(error: unknown): void {
  const expected = [StartupError, InvalidConfig, DomainError].some((kind) => error instanceof kind);
  process.stderr.write(`\n${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n\n`);
}

/** Undoes steps in reverse, each even if one before it failed; for a start that got only so far. */
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
