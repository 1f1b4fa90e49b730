import { type Launched } from './launch.js';

const WARNING = 40;

/** Returns the messages of a process's log from the level of warnings on. */
export function problemsOf({ output }: Launched): string[] {
  return output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter(({ level }) => level >= WARNING)
    .map(({ msg }) => msg);
}
