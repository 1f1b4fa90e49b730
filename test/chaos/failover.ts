import { setTimeout as pause } from 'node:timers/promises';
import { newDataDir } from '#libs/testing/data-dir.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Ground, groundOn } from '../support/installation.js';
import { openAddress, type OwnPostgres, startOwnPostgres } from '../support/own-postgres.js';

/** Time in which clients get some answers. */
const SILENCE_MS = 500;

/** A PostgreSQL that returns after it was killed, by itself or as another server. */
export interface Cluster {
  ground: Ground;
  /** Kills the server that takes writes. Returns whether it was; once it can be killed again. */
  kill: () => Promise<boolean>;
}

/**
 * Starts a primary whose commits wait for its standby. When it is killed, the standby is promoted, and gets a new one;
 * until then, it cannot be killed. The URL of the database always leads to the primary.
 * @param commit `synchronous_commit`; with `local`, commits do not wait for the standby
 * @param env further variables of all processes
 */
export async function startPair(commit: string, env: NodeJS.ProcessEnv): Promise<Cluster> {
  let primary = await startOwnPostgres();
  let standby = await follow(primary, commit);
  let isPaired = true;
  const address = await openAddress(() => primary);
  const dataDir = await newDataDir();
  const { remove, ...ground } = await groundOn(
    dataDir,
    { ownerUrl: address.url('postgres', 'postgres'), appUrl: address.url('deskstream', 'postgres') },
    env,
  );
  return {
    ground: {
      ...ground,
      remove: async () => {
        await remove();
        await address.close();
        // They are one server if a failover did not end.
        for (const server of new Set([standby, primary])) await server.remove();
      },
    },
    kill: async () => {
      if (!isPaired) return false;
      isPaired = false;
      const lost = primary;
      await killWhileItSendsNothing(lost);
      await standby.promote();
      primary = standby;
      await lost.remove();
      standby = await follow(primary, commit);
      isPaired = true;
      return true;
    },
  };
}

/** Kills a primary that has sent nothing to its standby for a while: what it answered alone is lost. */
async function killWhileItSendsNothing(primary: OwnPostgres): Promise<void> {
  const [sender] = await primary.sql<{ pid: number }>('SELECT pid FROM pg_stat_replication');
  if (!sender) throw new Error('No standby follows');
  process.kill(sender.pid, 'SIGSTOP');
  await pause(SILENCE_MS);
  await primary.kill();
  process.kill(sender.pid, 'SIGKILL');
}

/** Adds a standby, and returns once commits wait for it. */
async function follow(primary: OwnPostgres, commit: string): Promise<OwnPostgres> {
  const standby = await primary.startStandby();
  // After the copy: a promoted standby must not wait for another.
  await primary.sql(`ALTER SYSTEM SET synchronous_commit = '${commit}'`);
  await primary.sql(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await primary.sql('SELECT pg_reload_conf()');
  await waitFor('the standby to be synchronous', async () => {
    const [found] = await primary.sql<{ state: string }>('SELECT sync_state AS state FROM pg_stat_replication');
    return found?.state === 'sync';
  });
  return standby;
}
