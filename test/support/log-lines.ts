import { type Launched } from './launch.js';

const PROBLEMS = ['warn', 'error', 'fatal'];

/** Returns the messages of a process's log from the level of warnings on. */
export function problemsOf({ output }: Launched): string[] {
  return output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .filter(({ level }) => PROBLEMS.includes(level))
    .map(({ msg }) => msg);
}
