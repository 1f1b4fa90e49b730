import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '#libs/database/database.js';
import { openStandby, replayedBy, WRITTEN } from '#libs/database/standby.js';
import { isReached, type WalPoint } from '#libs/database/wal-positions.js';
import { type Config } from '../config.js';
import { check, type Check, skipped } from './checks.js';

const LOOK_MS = 20;
const AS_SERVED = { role: 'deskstream_app', poolSize: 1 } as const;

/** Checks the replica of a database, if one is configured. */
export async function checkReplica(
  { databaseReplicaUrl: url, databaseReplicaMaxLagMs: maxLagMs }: Config,
  primaryUrl: string,
): Promise<Check> {
  if (url === undefined) return skipped('replica', 'is not configured');
  return check('replica', () =>
    opened(Database.open({ url: primaryUrl, ...AS_SERVED }), (primary) =>
      opened(openStandby({ url, ...AS_SERVED }, primary), async (standby) => {
        const told = `a standby at ${new URL(url).host}`;
        return `${told} ${await lagOf(standby, primary, maxLagMs)}`;
      }),
    ),
  );
}

async function opened<T>(opening: Promise<Database>, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await opening;
  return work(database).finally(() => database.close());
}

/** Waits until the standby has replayed what the primary has written by now. */
async function lagOf(standby: Database, primary: Database, maxLagMs: number): Promise<string> {
  const [written] = (await primary.query<WalPoint>(null, WRITTEN)) as [WalPoint];
  const askedAt = performance.now();
  for (;;) {
    const replayed = await replayedBy(standby);
    const ms = performance.now() - askedAt;
    if (isReached(written, replayed)) return `is up to date within ${Math.ceil(ms)} ms`;
    if (ms > maxLagMs) {
      throw new Error(`the standby ${lagBetween(written, replayed)} after ${maxLagMs} ms: the primary answers`);
    }
    await pause(LOOK_MS);
  }
}

function lagBetween(written: WalPoint, replayed: WalPoint): string {
  if (written.timeline === replayed.timeline) return `is ${written.position - replayed.position} bytes behind`;
  return `has reached the timeline ${replayed.timeline}, and the primary is on ${written.timeline},`;
}
