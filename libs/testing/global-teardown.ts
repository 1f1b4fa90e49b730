import { rm } from 'node:fs/promises';

export default async function tearDown(): Promise<void> {
  await globalThis.testPostgres.stop();
  await rm(globalThis.testPostgres.folder, { recursive: true, force: true });
}
