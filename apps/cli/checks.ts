import { reasonOf } from '#libs/platform/reason.js';
import { print } from './command.js';

/** The result of one check of the installation. */
export interface Check {
  name: string;
  /** `problem`: the exit status is 1. `skipped`: it was not asked for, or something before it failed. */
  state: 'ok' | 'problem' | 'skipped';
  detail: string;
}

/** Checks one thing. Returns what it found; an error that it throws is the problem. */
export type Probe = () => Promise<string>;

export async function check(name: string, probe: Probe): Promise<Check> {
  try {
    return { name, state: 'ok', detail: await probe() };
  } catch (error) {
    return { name, state: 'problem', detail: reasonOf(error) };
  }
}

export function skipped(name: string, detail: string): Check {
  return { name, state: 'skipped', detail };
}

/** Prints checks, as a table or as JSON. Returns whether there is no problem. */
export function report(checks: Check[], asJson: boolean): boolean {
  const well = checks.every(({ state }) => state !== 'problem');
  if (asJson) print(JSON.stringify({ status: well ? 'ok' : 'problem', checks }));
  else for (const { name, state, detail } of checks) print(`${state.padEnd(8)} ${name.padEnd(20)} ${detail}`);
  return well;
}
