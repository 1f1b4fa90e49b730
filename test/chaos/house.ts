import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Ground, prepareGround } from '../support/installation.js';
import { killPostgres } from '../support/instance.js';
import { launch, type Launched } from '../support/launch.js';

export const VICTIMS = ['api', 'worker', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Two APIs and two workers on one PostgreSQL, each a process that is started again whenever it was killed. */
export interface House extends Pick<Ground, 'dataDir' | 'database' | 'token' | 'variables'> {
  /** Where the APIs are. */
  urls: string[];
  kills: Record<Victim, number>;
  /** kill -9 of one of that kind, if one is up; resolves when it is up again. */
  kill(victim: Victim): Promise<void>;
  /** Ends all processes but PostgreSQL in order. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const RESTART_PAUSE_MS = 200;

/** A process that is to run, whatever happens to it. */
class Resident {
  up = false;
  #process: Launched | undefined;

  constructor(
    readonly kind: Victim,
    private readonly program: string,
    private readonly told: RegExp,
    private readonly variables: NodeJS.ProcessEnv,
  ) {}

  /** A start that the database was away for ends by itself, and is repeated. */
  async start(): Promise<void> {
    while (!this.up) {
      this.#process = launch([this.program], this.variables);
      this.up = await this.#process.told(this.told).then(Boolean, () => false);
      if (!this.up) await this.end('SIGKILL');
      if (!this.up) await pause(RESTART_PAUSE_MS);
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.up = false;
    await this.#process?.end(signal);
  }
}

/** @param env what the configuration of all processes says besides */
export async function startHouse(env: NodeJS.ProcessEnv = {}): Promise<House> {
  const { remove, ...ground } = await prepareGround(env);
  const ports = [await freePort(), await freePort()];
  const api = (port: number) =>
    new Resident('api', 'dist/apps/api/main.js', /The API is served/, { ...ground.variables, PORT: String(port) });
  const worker = () => new Resident('worker', 'dist/apps/worker/main.js', /The worker is running/, ground.variables);
  const residents = [...ports.map(api), worker(), worker()];
  await Promise.all(residents.map((resident) => resident.start()));
  const kills = { api: 0, worker: 0, postgres: 0 };
  return {
    ...ground,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    kills,
    kill: async (victim) => {
      if (victim === 'postgres') {
        kills.postgres += 1;
        await killPostgres(ground.dataDir);
        return;
      }
      const standing = residents.filter(({ kind, up }) => kind === victim && up);
      const resident = standing[kills[victim] % standing.length];
      if (!resident) return;
      kills[victim] += 1;
      await resident.end('SIGKILL');
      await resident.start();
    },
    stop: async () => {
      await Promise.all(residents.map((resident) => resident.end('SIGTERM')));
    },
    remove: async () => {
      await Promise.all(residents.map((resident) => resident.end('SIGKILL')));
      await remove();
    },
  };
}
