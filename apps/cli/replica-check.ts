import { setTimeout as pause } from 'node:timers/promises';
import { REPLAYED, type Replayed, SYSTEM, WRITTEN, type Written } from '#libs/database/standby.js';
import { type Config } from '../config.js';
import { check, type Check, skipped } from './checks.js';
import { withLogin } from './service-checks.js';

const LOOK_MS = 20;

/** Checks the replica of a database, if one is configured. */
export async function checkReplica(
  { databaseReplicaUrl: url, databaseReplicaMaxLagMs: maxLagMs }: Config,
  primaryUrl: string,
): Promise<Check> {
  if (url === undefined) return skipped('replica', 'is not configured');
  return check('replica', () => lagOf(url, primaryUrl, maxLagMs));
}

/** Waits until the standby has replayed what the primary has written by now. */
async function lagOf(url: string, primaryUrl: string, maxLagMs: number): Promise<string> {
  const ask = (server: string) =>
    withLogin(server, async (client) => (await client.query<{ system: string }>(SYSTEM)).rows[0]?.system);
  if ((await ask(url)) !== (await ask(primaryUrl))) throw new Error('DATABASE_REPLICA_URL belongs to another database');
  const [written] = (await withLogin(primaryUrl, (client) => client.query<Written>(WRITTEN))).rows;
  return withLogin(url, async (client) => {
    const askedAt = performance.now();
    for (;;) {
      const [replayed] = (await client.query<Replayed>(REPLAYED)).rows;
      if (!replayed?.standby) throw new Error('the server of DATABASE_REPLICA_URL is not a standby');
      const [bytes, ms] = [Math.max(0, (written?.position ?? 0) - replayed.position), performance.now() - askedAt];
      const finding = `a standby at ${new URL(url).host}`;
      if (bytes === 0) return `${finding} is up to date within ${Math.ceil(ms)} ms`;
      if (ms > maxLagMs)
        throw new Error(`${finding} is ${bytes} bytes behind after ${maxLagMs} ms: the primary answers`);
      await pause(LOOK_MS);
    }
  });
}
