import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 20;
/** Limits of a wait without movement, and of a wait in all. */
export interface Patience {
  stillMs: number;
  /** The number of checks counts, too, because a slow machine checks rarely. */
  stillLooks: number;
  limitMs: number;
}

/** Less than `testTimeout`, so that the reason is shown. */
const PATIENCE: Patience = { stillMs: 60_000, stillLooks: 1_500, limitMs: 480_000 };

/** A value that changes on progress. */
type Progress = string | number | undefined;

/**
 * Waits until a condition holds, and returns its result.
 * @param moved returns what changes on progress, such as a count; a wait goes on as long as it changes
 * @throws with `what` when nothing has moved for a minute, or after eight minutes
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  moved: () => Progress | Promise<Progress> = () => undefined,
  { stillMs, stillLooks, limitMs } = PATIENCE,
): Promise<Exclude<T, false | null | undefined>> {
  const begun = performance.now();
  let [seen, stillSince, looks] = [await moved(), begun, 0];
  for (;;) {
    const result = await condition();
    if (result) return result as Exclude<T, false | null | undefined>;
    const [now, next] = [performance.now(), await moved()];
    if (!Object.is(next, seen)) [seen, stillSince, looks] = [next, now, 0];
    looks += 1;
    if (now - begun > limitMs || (now - stillSince > stillMs && looks > stillLooks)) {
      throw new Error(`Waited in vain: ${what}${seen === undefined ? '' : ` (it stands at ${seen})`}`);
    }
    await pause(LOOK_MS);
  }
}
