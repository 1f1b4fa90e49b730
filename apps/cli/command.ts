import { AsyncLocalStorage } from 'node:async_hooks';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Database } from '#libs/database/database.js';
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
import { demoAdministrator, type InstallationUrls, openCipher, type Tools } from '../setup.js';

/** A command for operators: `npm run cli -- <name> …`. */
export interface CliCommand {
  /** How to call it, and what it does. */
  usage: string[];
  run: (config: Config, urls: InstallationUrls, args: string[]) => Promise<void>;
}

/** Runs work with the application's tools, and closes its connections. */
export async function withTools(
  { appUrl }: InstallationUrls,
  cipher: Cipher,
  work: (tools: Tools) => Promise<void>,
): Promise<void> {
  const database = await Database.open({ url: appUrl, role: 'deskstream_app', poolSize: 2 });
  try {
    await work({ database, store: new EventStore(database, new EventCodec(STREAMS, cipher)) });
  } finally {
    await database.close();
  }
}

/** Runs work for one organization, as its first administrator. @param id the demo organization's unless given */
export async function withOrganization(
  config: Config,
  urls: InstallationUrls,
  id: string | undefined,
  work: (context: WriteContext, tools: Tools) => Promise<void>,
): Promise<void> {
  const organizationId = id?.toLowerCase() ?? (await demoAdministrator(urls.appUrl)).organizationId;
  if (faultOfUuid(organizationId)) throw new StartupError('--organization must be an id: see organization list.');
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

/** Returns options as `node:util` parses them. @throws {StartupError} for those that do not exist or lack a value */
export function parsed<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new StartupError((error as Error).message);
  }
}

/** Receives what the running command prints. */
export const printing = new AsyncLocalStorage<(line: string) => void>();

export function print(line: string): void {
  printing.getStore()?.(line);
}
