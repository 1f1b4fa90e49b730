import { AsyncLocalStorage } from 'node:async_hooks';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Database, WorkerDatabase } from '#libs/database/database.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { organizationStream } from '#libs/organizations/organization.stream.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Config } from '../config.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { STREAMS } from '#libs/resources/resources.js';
import { demoAdministrator, type Tools } from '../demo-organization.js';
import { type InstallationUrls } from '../setup.js';
import { openCipher } from '../master-key.js';

/** A command for operators: `npm run cli -- <name> …`. */
export interface CliCommand {
  /** How to call it, and what it does. */
  usage: string[];
  /** Resolves to `false` if it found a problem. */
  run: (config: Config, urls: InstallationUrls, args: string[]) => Promise<unknown>;
}

/** Reports wrong arguments of a command. */
export class WrongUse extends StartupError {}

/** The tools of a command. */
export interface CliTools extends Tools {
  cipher: Cipher;
  codec: EventCodec;
}

/** Runs work with the application's tools, and closes its connections. */
export async function withTools(
  { appUrl }: InstallationUrls,
  cipher: Cipher,
  work: (tools: CliTools) => Promise<void>,
): Promise<void> {
  const database = await Database.open({ url: appUrl, role: 'deskstream_app', poolSize: 2 });
  try {
    const codec = new EventCodec(STREAMS, cipher);
    await work({ database, store: new EventStore(database, codec), cipher, codec });
  } finally {
    await database.close();
  }
}

/** Runs work for one organization, as its first administrator. @param id the demo organization's unless given */
export async function withOrganization(
  config: Config,
  urls: InstallationUrls,
  id: string | undefined,
  work: (context: WriteContext, tools: CliTools) => Promise<void>,
): Promise<void> {
  const organizationId = id?.toLowerCase() ?? (await demoAdministrator(urls.appUrl)).organizationId;
  if (faultOfUuid(organizationId)) throw new WrongUse('--organization must be an id: see organization list.');
  await withTools(urls, await openCipher(config, urls.appUrl, false), async (tools) => {
    const [created] = await tools.database.query<{ actorId: string }>(organizationId, {
      text: `SELECT metadata->>'actorId' AS "actorId" FROM events
             WHERE organization_id = $1 AND stream = $2 AND version = 1`,
      values: [organizationId, streamName(organizationStream, organizationId)],
    });
    if (!created) throw new StartupError(`There is no organization ${organizationId}: see organization list.`);
    await work({ organizationId, actorId: created.actorId }, tools);
  });
}

/** Runs work on all organizations, as the worker sees them. */
export async function withWorkerDatabase<T>(
  { appUrl, workerUrl = appUrl }: InstallationUrls,
  work: (database: WorkerDatabase) => Promise<T>,
): Promise<T> {
  const database = await WorkerDatabase.open({ url: workerUrl, role: 'deskstream_worker', poolSize: 1 });
  return work(database).finally(() => database.close());
}

/** Returns options as `node:util` parses them. @throws {WrongUse} for those that do not exist or lack a value */
export function parsed<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/** Receives what the running command prints. */
export const printing = new AsyncLocalStorage<(line: string) => void>();

export function print(line: string): void {
  printing.getStore()?.(line);
}
