import { setTimeout as pause } from 'node:timers/promises';
import { REPLAYED, type Replayed, SYSTEM, WRITTEN } from '#libs/database/standby.js';
import { isReached, type WalPoint } from '#libs/database/wal-positions.js';
import { type Config } from '../config.js';
import { check, type Check, skipped } from './checks.js';
import { withLogin } from './looks.js';

const LOOK_MS = 20;

/** Looks at the replica of a database, if one is configured. */
export async function lookAtReplica(
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
  if ((await ask(url)) !== (await ask(primaryUrl))) throw new Error('DATABASE_REPLICA_URL is another database');
  const [written] = (await withLogin(primaryUrl, (client) => client.query<WalPoint>(WRITTEN))).rows;
  return withLogin(url, async (client) => {
    const askedAt = performance.now();
    for (;;) {
      const [replayed] = (await client.query<Replayed>(REPLAYED)).rows;
      if (!written || !replayed?.standby) throw new Error('the server of DATABASE_REPLICA_URL is not a standby');
      const ms = performance.now() - askedAt;
      const told = `a standby at ${new URL(url).host}`;
      if (isReached(written, replayed)) return `${told} is up to date within ${Math.ceil(ms)} ms`;
      if (ms > maxLagMs)
        throw new Error(`${told} ${lagBetween(written, replayed)} after ${maxLagMs} ms: the primary answers`);
      await pause(LOOK_MS);
    }
  });
}

function lagBetween(written: WalPoint, replayed: WalPoint): string {
  if (written.timeline === replayed.timeline) return `is ${written.position - replayed.position} bytes behind`;
  return `has reached the timeline ${replayed.timeline}, and the primary is on ${written.timeline},`;
}
