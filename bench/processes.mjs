import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const STOP_MS = 20_000;
const START_MS = 60_000;
const POLL_MS = 20;
/** A line of pino with the level warn, error or fatal. */
const WARNING = /^\{"level":[456]0,/;

/**
 * A child process. It leads its own process group, so that Ctrl-C reaches only the runner, which stops its children in
 * order.
 */
export class Process {
  #name;
  #child;
  #log;
  #stopping;

  /** Runs a command. */
  static spawn(bench, name, [command, ...args], env) {
    return new Process(bench, name, (options) => spawn(command, args, options), ['ignore'], env);
  }

  /** Runs a module that waits for calls: see `calls.mjs`. */
  static fork(bench, name, file, env) {
    return new Process(
      bench,
      name,
      (options) => fork(join(import.meta.dirname, file), options),
      ['ignore', 'ipc'],
      env,
    );
  }

  constructor(bench, name, start, [input, ...channels], env) {
    bench.cleanup.add(() => this.stop());
    this.#name = name;
    this.#log = join(bench.folder, `${name}.log`);
    const log = openSync(this.#log, 'a');
    this.#child = start({ cwd: bench.root, env, detached: true, stdio: [input, log, log, ...channels] });
    closeSync(log);
    this.#child.on('error', () => undefined);
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Calls a function of a forked module. */
  async call(name, ...args) {
    // A process that has already ended emits no event.
    if (!this.running) throw this.failure('it has ended');
    this.#child.send({ name, args }, () => undefined);
    const end = new AbortController();
    try {
      const [answer] = await Promise.race([
        once(this.#child, 'message', { signal: end.signal }),
        once(this.#child, 'exit', { signal: end.signal }).then(() => [{ error: 'it has ended' }]),
      ]);
      if (answer.error) throw this.failure(answer.error);
      return answer.result;
    } finally {
      end.abort();
    }
  }

  /** Lines of its log with the level warn or above. */
  get warnings() {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => WARNING.test(line));
  }

  /** Returns an error that contains the end of the process's log. */
  failure(reason) {
    const printed = readFileSync(this.#log, 'utf8').trim().split('\n').slice(-15).join('\n');
    return new Error(`${this.#name}: ${reason}\n${printed}`);
  }

  /** Waits until the process has ended successfully. */
  async finished() {
    if (this.running) await once(this.#child, 'exit');
    if (this.#child.exitCode !== 0) throw this.failure(`ended with ${this.#child.signalCode ?? this.#child.exitCode}`);
  }

  /** Waits until the process has printed a text. */
  async printed(text) {
    const deadline = performance.now() + START_MS;
    while (!readFileSync(this.#log, 'utf8').includes(text)) {
      if (!this.running || performance.now() > deadline) throw this.failure(`has not printed "${text}"`);
      await pause(POLL_MS);
    }
  }

  /** Kills the process without warning, as a crash would. */
  async kill() {
    const exit = once(this.#child, 'exit');
    process.kill(-this.pid, 'SIGKILL');
    await exit;
  }

  /** Asks the process to stop, once, and waits until it has; kills it and its children if that takes too long. */
  stop() {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop() {
    if (!this.running) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    if ((await Promise.race([exit, pause(STOP_MS, 'late', { ref: false })])) !== 'late') return;
    process.kill(-this.pid, 'SIGKILL');
    await exit;
  }
}
