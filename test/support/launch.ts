import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor } from '#libs/testing/wait-for.js';

/** A process of its own. */
export interface Launched {
  process: ChildProcess;
  /** All that it has written so far. */
  output: () => string;
  /** Waits until it has written something that fits, and answers what; fails when it ends before. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal, if any, waits for the end, and answers the status. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs a program, Node's unless told otherwise, with these variables and none else. */
export function launch(args: string[], env: NodeJS.ProcessEnv = {}, program = process.execPath): Launched {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    process: child,
    output: () => output,
    told: (pattern) =>
      waitFor(`${args[0]} to tell ${pattern.source}`, () => {
        const found = pattern.exec(output);
        if (!found && child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output}`);
        return found;
      }),
    end: async (signal) => {
      if (signal) child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}
