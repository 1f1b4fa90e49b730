import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { migrate } from '#apps/setup.js';

declare global {
  var testPostgres: EmbeddedPostgres & { dataDir: string };
}

/** One PostgreSQL for all tests, in a directory of its own; its database is the template of theirs. */
export default async function setUp(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'deskstream-test-'));
  const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=300'];
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  await migrate(postgres);
  globalThis.testPostgres = { ...postgres, dataDir };
  process.env.TEST_OWNER_URL = postgres.ownerUrl;
  process.env.TEST_APP_URL = postgres.appUrl;
}
