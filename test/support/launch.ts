import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor } from '#libs/testing/wait-for.js';

/** A separate process. */
export interface Launched {
  process: ChildProcess;
  /** Returns its output so far. */
  output: () => string;
  /** Returns the length of its output and its CPU time in seconds: neither changes when it is stuck. */
  progress: () => string;
  /** Waits until its output matches, and returns the match; fails if the process ends before. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal, if any, waits for the end, and returns the exit status. */
  end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** No load balancer is in front of a test. */
const DEFAULTS = { PATH: process.env.PATH, SHUTDOWN_DELAY_SECONDS: '0' };

/**
 * Runs a program, Node unless given otherwise, with these variables only. Node caches compiled code for the whole test
 * run.
 */
export function launch(args: string[], env: NodeJS.ProcessEnv = {}, program = process.execPath): Launched {
  const child = spawn(program, args, {
    env: { ...DEFAULTS, NODE_COMPILE_CACHE: process.env.TEST_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const progress = () => `${output.length} characters, ${secondsOf(child.pid)} s`;
  return {
    process: child,
    output: () => output,
    progress,
    told: (pattern) => {
      const find = () => {
        const found = pattern.exec(output);
        if (!found && child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output}`);
        return found;
      };
      return waitFor(`${args[0]} to tell ${pattern.source}`, find, progress);
    },
    end: async (signal) => {
      if (signal) child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}

const TICKS_PER_SECOND = 100;

/** Returns the CPU time of a process in whole seconds; 0 on systems other than Linux. */
function secondsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Math.floor((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
  } catch {
    return 0;
  }
}
