import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Ground } from '../support/installation.js';
import { launch, type Launched } from '../support/launch.js';
import { pick } from './random.js';

export const VICTIMS = ['api', 'worker', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** APIs and workers on one PostgreSQL, each a process that is restarted whenever it is killed. */
export interface Deployment extends Pick<Ground, 'database' | 'variables'> {
  /** The URLs of the APIs. */
  urls: string[];
  kills: Record<Victim, number>;
  /** The exit statuses of workers that were stopped while the others continued. */
  departures: (number | null)[];
  /** Kills a process of the kind by SIGKILL, if one is up; resolves once it is up again. */
  kill(victim: Victim): Promise<void>;
  /** Starts a further worker, then stops one: it finishes its work. */
  turnOver(): Promise<void>;
  /** Stops all processes except PostgreSQL in order. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const APIS = 2;
const WORKERS = 3;
const RESTART_PAUSE_MS = 200;

/** A process that is restarted until it is stopped. */
class Resident {
  up = false;
  #process: Launched | undefined;

  constructor(
    readonly kind: Victim,
    private readonly program: string,
    private readonly told: RegExp,
    private readonly variables: NodeJS.ProcessEnv,
  ) {}

  /** Starts the process. A start that fails because the database is down is repeated. */
  async start(): Promise<void> {
    while (!this.up) {
      this.#process = launch([this.program], this.variables);
      this.up = await this.#process.told(this.told).then(Boolean, () => false);
      if (!this.up) await this.end('SIGKILL');
      if (!this.up) await pause(RESTART_PAUSE_MS);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null | undefined> {
    this.up = false;
    return this.#process?.end(signal);
  }
}

/**
 * Starts all processes.
 * @param random chooses the victims
 * @param killPostgres returns whether it was killed
 */
export async function startDeployment(
  random: () => number,
  { remove, ...ground }: Ground,
  killPostgres: () => Promise<boolean>,
): Promise<Deployment> {
  const ports = await Promise.all(Array.from({ length: APIS }, freePort));
  const api = (port: number) =>
    new Resident('api', 'dist/apps/api/main.js', /The API is served/, { ...ground.variables, PORT: String(port) });
  const worker = () => new Resident('worker', 'dist/apps/worker/main.js', /The worker is running/, ground.variables);
  const residents = [...ports.map(api), ...Array.from({ length: WORKERS }, worker)];
  const oneOf = (victim: Victim) => {
    const standing = residents.filter(({ kind, up }) => kind === victim && up);
    return standing.length > 0 ? pick(random, standing) : undefined;
  };
  await Promise.all(residents.map((resident) => resident.start()));
  const kills = { api: 0, worker: 0, postgres: 0 };
  const departures: Deployment['departures'] = [];
  return {
    ...ground,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    kills,
    departures,
    kill: async (victim) => {
      const resident = oneOf(victim);
      if (victim !== 'postgres' && !resident) return;
      const killed = resident ? (await resident.end('SIGKILL'), true) : await killPostgres();
      if (killed) kills[victim] += 1;
      await resident?.start();
    },
    turnOver: async () => {
      const newcomer = worker();
      residents.push(newcomer);
      await newcomer.start();
      const leaving = oneOf('worker') ?? newcomer;
      departures.push((await leaving.end('SIGTERM')) ?? null);
      residents.splice(residents.indexOf(leaving), 1);
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
