import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const STOP_MS = 20_000;
const START_MS = 60_000;
const POLL_MS = 20;
/** The numbers of pino's levels. */
const WARNING = /^\{"level":[456]0,/;

/**
 * A child process. It leads a process group of its own, so that Ctrl-C reaches the runner alone, which stops its
 * children in order.
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
    // What has ended before will not say so again.
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

  /** Lines of its log that warn of something, or worse. */
  get warnings() {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => WARNING.test(line));
  }

  /** An error that says what the process has printed. */
  failure(reason) {
    const printed = readFileSync(this.#log, 'utf8').trim().split('\n').slice(-15).join('\n');
    return new Error(`${this.#name}: ${reason}\n${printed}`);
  }

  /** Waits until it has ended by itself, with success. */
  async finished() {
    if (this.running) await once(this.#child, 'exit');
    if (this.#child.exitCode !== 0) throw this.failure(`ended with ${this.#child.signalCode ?? this.#child.exitCode}`);
  }

  /** Waits until it has printed a text. */
  async printed(text) {
    const deadline = performance.now() + START_MS;
    while (!readFileSync(this.#log, 'utf8').includes(text)) {
      if (!this.running || performance.now() > deadline) throw this.failure(`has not printed "${text}"`);
      await pause(POLL_MS);
    }
  }

  /** Ends it as a crash does: it learns nothing of it. */
  async kill() {
    const exit = once(this.#child, 'exit');
    process.kill(-this.pid, 'SIGKILL');
    await exit;
  }

  /** Asks it to end, once, and waits until it has; ends it and its children by force when that takes too long. */
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
