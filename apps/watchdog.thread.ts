import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type WatchdogData } from './watchdog.js';

const { beats, timeoutSeconds, base } = workerData as WatchdogData;
const LOOK_MS = 500;
const MOST_LOOKS = (timeoutSeconds * 1000) / LOOK_MS;
const STANDARD_OUTPUT = 1;

/**
 * Checks that the event loop is not blocked. Time is counted in checks, not read from a clock: while the whole process
 * is suspended, no time passes here either.
 */
const clock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let [seen, looks] = [Atomics.load(beats, 0), 0];
while (looks < MOST_LOOKS) {
  Atomics.wait(clock, 0, 0, LOOK_MS);
  const beat = Atomics.load(beats, 0);
  looks = beat === seen ? looks + 1 : 0;
  seen = beat;
}
tell(
  `The event loop has been blocked for ${timeoutSeconds} s: this process ends now. Start it again, unless a supervisor does.`,
);
process.kill(process.pid, 'SIGKILL');

/** Logs without the event loop. */
function tell(msg: string): void {
  try {
    writeSync(STANDARD_OUTPUT, `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), ...base, msg })}\n`);
  } catch {
    // The log has no reader any more, but the process must still end.
  }
}
