import { Worker } from 'node:worker_threads';
import { type Logger } from 'pino';

/** The data of the watchdog's thread. */
export interface WatchdogData {
  /** Rises as long as the event loop of the process runs. */
  beats: Int32Array<SharedArrayBuffer>;
  timeoutSeconds: number;
  /** The fields of each line of the log. */
  base: object;
}

const BEAT_MS = 500;
/** Limits in MB: the thread runs a few lines. */
const LIMITS = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/**
 * Ends the process when its event loop has blocked for the given time, from a separate thread: no other code of a
 * blocked process can run, and its supervisor would consider it alive.
 * @param timeoutSeconds 0 is never
 */
export function startWatchdog(timeoutSeconds: number, logger: Logger): void {
  if (timeoutSeconds === 0) return;
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
  // pino's bindings lack the pid.
  const base = { ...logger.bindings(), pid: process.pid };
  const workerData = { beats, timeoutSeconds, base } satisfies WatchdogData;
  const thread = new Worker(new URL(import.meta.resolve('#apps/watchdog.thread.js')), {
    workerData,
    resourceLimits: LIMITS,
    execArgv: [],
    env: {},
  });
  thread.unref();
  thread.on('error', (error) => {
    logger.warn({ err: error }, 'The watchdog of the event loop could not start');
  });
}
