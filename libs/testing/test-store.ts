import { randomBytes, randomUUID } from 'node:crypto';
import { Database, WorkerDatabase } from '#libs/database/database.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { Cipher } from '#libs/platform/cipher.js';
import { COUNTERS_TABLE, counterStream } from './counter.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** An event store on its own database, and the worker's view of it. */
export interface TestStore {
  store: EventStore;
  codec: EventCodec;
  cipher: Cipher;
  database: Database;
  worker: WorkerDatabase;
  test: TestDatabase;
  /** Returns a new tenant to write as. */
  context(): { organizationId: string; actorId: string };
  close(): Promise<void>;
}

export async function createTestStore(
  definitions: AnyStreamDefinition[] = [counterStream],
  poolSize = 10,
): Promise<TestStore> {
  const test = await createTestDatabase();
  await test.sql(COUNTERS_TABLE);
  const cipher = new Cipher(randomBytes(32));
  const codec = new EventCodec(definitions, cipher);
  const database = await Database.open({ url: test.appUrl, role: 'deskstream_app', poolSize });
  const worker = await WorkerDatabase.open({ url: test.appUrl, role: 'deskstream_worker', poolSize: 4 });
  return {
    store: new EventStore(database, codec),
    codec,
    cipher,
    database,
    worker,
    test,
    context: () => ({ organizationId: randomUUID(), actorId: randomUUID() }),
    close: async () => {
      await database.close();
      await worker.close();
      await test.drop();
    },
  };
}
