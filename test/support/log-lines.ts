import { type Launched } from './launch.js';

/** By name, and by number as the previous release writes them. */
const PROBLEMS: unknown[] = ['warn', 'error', 'fatal', 40, 50, 60];

/** Returns the messages of a process's log from the level of warnings on. */
export function problemsOf({ output }: Launched): string[] {
  return output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: unknown; msg: string })
    .filter(({ level }) => PROBLEMS.includes(level))
    .map(({ msg }) => msg);
}
