import { EventCodec } from '#libs/event-store/event-codec.js';
import { PARTITIONS } from '#libs/event-store/partitions.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { type RebuildProgress } from '#libs/event-store/rebuild-shadow.js';
import { READ_TABLES, STREAMS } from '#libs/resources/resources.js';
import { VERSION } from '../product.js';
import { withSetupLock, migrate as migrateDatabase } from '../setup.js';
import { bootstrap } from '../demo-organization.js';
import { openCipher } from '../master-key.js';
import { requireOwnSession } from '../startup-connection.js';
import { type CliCommand, print, withTools, WrongUse } from './command.js';

/** Time between two reports of a rebuild's progress. */
const PROGRESS_MS = 5_000;

export const migrate: CliCommand = {
  usage: ['migrate                 bring the database up to date; on a new one also create the demo organization'],
  run: (config, urls) =>
    withSetupLock(urls.ownerUrl, async () => {
      const applied = await migrateDatabase(urls, print);
      print(applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The database is up to date.');
      await withTools(urls, await openCipher(config, urls.ownerUrl, true), async (tools) => {
        const token = await bootstrap(urls.appUrl, tools, config.bootstrapToken);
        if (token && !config.bootstrapToken) print(`API token of the organization "Demo" (shown only now): ${token}`);
      });
    }),
};

export const rebuild: CliCommand = {
  usage: ['rebuild <table>         rebuild a read table from the events, while the application runs'],
  run: async (config, { ownerUrl, appUrl }, [table]) => {
    const found = READ_TABLES.find((one) => one.table === table);
    if (!found)
      throw new WrongUse(`The read table is unknown. Known tables: ${READ_TABLES.map((one) => one.table).join(', ')}`);
    const codec = new EventCodec(STREAMS, await openCipher(config, appUrl, false));
    await requireOwnSession(ownerUrl);
    const result = await rebuildTable(ownerUrl, codec, found.stream, found.table, {
      program: VERSION,
      onProgress: reporter(found.table),
    });
    print(`${result.table}: ${result.events} events applied, writes held for ${result.heldMs.toFixed(1)} ms`);
  },
};

/**
 * Returns a function that reports the progress of a rebuild every few seconds, and at once what a killed one has left.
 */
function reporter(table: string): (progress: RebuildProgress) => void {
  let reportedAt: number | undefined;
  return ({ events, partitions }) => {
    const now = performance.now();
    const isDue = reportedAt === undefined ? events > 0 : now - reportedAt >= PROGRESS_MS;
    reportedAt ??= now;
    if (!isDue) return;
    reportedAt = now;
    print(`${table}: ${events} events applied, ${partitions} of ${PARTITIONS} partitions filled`);
  };
}
