import { appendFile, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { migrate } from '#apps/setup.js';
import { copyDataDir } from './data-dir.js';
import { scratchFolder } from './scratch.js';

declare global {
  var testPostgres: EmbeddedPostgres & { folder: string };
}

/**
 * Starts one PostgreSQL for all tests, whose database is the template of theirs. A copy of its data directory before
 * the tests is the template for processes.
 */
export default async function setUp(): Promise<void> {
  const folder = await mkdtemp(join(scratchFolder(), 'deskstream-test-'));
  const [template, dataDir] = [join(folder, 'template'), join(folder, 'data')];
  const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=300'];
  const made = await startEmbeddedPostgres({ dataDir: template, settings });
  await migrate(made);
  await made.stop();
  await copyDataDir(template, dataDir);
  // Tests kill its processes, not the machine: the system keeps what they wrote. Pages may be torn.
  await appendFile(join(template, 'postgres', 'postgresql.auto.conf'), 'fsync = off\n');
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  globalThis.testPostgres = { ...postgres, folder };
  process.env.TEST_FOLDER = folder;
  process.env.TEST_COMPILE_CACHE = join(folder, 'compiled');
  process.env.TEST_DATA_DIR = template;
  process.env.TEST_OWNER_URL = postgres.ownerUrl;
  process.env.TEST_APP_URL = postgres.appUrl;
}
