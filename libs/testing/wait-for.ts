import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds, and answers what it answered. Fails with `what` when it never does. */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result) return result as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await pause(20);
  }
}
