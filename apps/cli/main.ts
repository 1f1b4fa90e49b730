import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type DomainEvent } from '#libs/event-store/event.js';
import { type Projection } from '#libs/event-store/stream-definition.js';
import { rebuildProjection } from '#libs/event-store/rebuild.js';
import {
  IssueApiToken,
  IssueApiTokenHandler,
  SetDefaultRegion,
  SetDefaultRegionHandler,
} from '#libs/organizations/organizations.handlers.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Config, loadConfig } from '#libs/platform/config.js';
import { isRegion } from '#libs/platform/contact.js';
import { Database } from '#libs/platform/database.js';
import { type Scope, SCOPES } from '#libs/platform/scopes.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { explain } from '../process.js';
import { bootstrap, demoAdministrator, migrate, openCipher } from '../setup.js';
import { STREAMS } from '../streams.js';

interface Urls {
  ownerUrl: string;
  appUrl: string;
}

interface CliCommand {
  usage: string;
  run: (config: Config, urls: Urls, args: string[]) => Promise<void>;
}

const COMMANDS: Record<string, CliCommand> = {
  migrate: {
    usage: 'migrate                 bring the database up to date; on a new one also make the demo organization',
    run: async (config, { ownerUrl, appUrl }) => {
      const applied = await migrate(ownerUrl, appUrl);
      print(applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The database is up to date.');
      await withStore(await openCipher(config, ownerUrl, true), { ownerUrl, appUrl }, async (store) => {
        const token = await bootstrap(appUrl, store, config.bootstrapToken);
        if (token && !config.bootstrapToken) print(`API token of the organization "Demo" (shown only now): ${token}`);
      });
    },
  },
  token: {
    usage: 'token [scope…]          issue another API token for the demo organization, for everything or these scopes',
    run: async (config, urls, scopes) => {
      if (!scopes.every(isScope)) throw new StartupError(`There are these scopes: ${SCOPES.join(', ')}`);
      const { organizationId, actorId } = await demoAdministrator(urls.appUrl);
      await withStore(await openCipher(config, urls.appUrl, false), urls, async (store) => {
        const command = new IssueApiToken(
          organizationId,
          'Issued on the command line',
          actorId,
          scopes.length > 0 ? scopes : ['admin'],
        );
        print(await new IssueApiTokenHandler(store).execute(command));
      });
    },
  },
  region: {
    usage: "region <country>        where the demo organization's phone numbers are from, as an ISO code such as DK",
    run: async (config, urls, [region = '']) => {
      if (!isRegion(region)) throw new StartupError('Name a country by its ISO code in capitals, such as DK.');
      const { organizationId, actorId } = await demoAdministrator(urls.appUrl);
      await withStore(await openCipher(config, urls.appUrl, false), urls, async (store) => {
        await new SetDefaultRegionHandler(store).execute(new SetDefaultRegion(organizationId, region, actorId));
      });
      print(`Phone numbers without a country code are taken for numbers of ${region}, within 5 seconds.`);
    },
  },
  rebuild: {
    usage: 'rebuild <table>         make a read table anew from the events, while the application goes on',
    run: async (config, { ownerUrl, appUrl }, [table]) => {
      const found = STREAMS.flatMap((stream) => stream.projections.map((projection) => ({ stream, projection }))).find(
        ({ projection }) => projection.table === table,
      );
      if (!found) throw new StartupError(`There is no such read table. There are: ${readTables().join(', ')}`);
      const codec = new EventCodec(STREAMS, await openCipher(config, appUrl, false));
      const result = await rebuildProjection(
        ownerUrl,
        codec,
        found.stream,
        found.projection as Projection<DomainEvent>,
      );
      print(`${result.table}: ${result.events} events applied, writes held for ${result.heldMs.toFixed(1)} ms`);
    },
  },
};

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

async function withStore(cipher: Cipher, urls: Urls, work: (store: EventStore) => Promise<void>): Promise<void> {
  const database = await Database.open({ url: urls.appUrl, role: 'deskstream_app', poolSize: 2 });
  try {
    await work(new EventStore(database, new EventCodec(STREAMS, cipher)));
  } finally {
    await database.close();
  }
}

function readTables(): string[] {
  return STREAMS.flatMap((stream) => stream.projections.map(({ table }) => table));
}

/** The database of the configuration, else the embedded one of a running instance. */
async function findDatabase({ databaseUrl, databaseOwnerUrl, dataDir }: Config): Promise<Urls> {
  if (databaseUrl) return { appUrl: databaseUrl, ownerUrl: databaseOwnerUrl ?? databaseUrl };
  const running = await runningEmbeddedPostgres(dataDir);
  if (!running) throw new StartupError('No instance is running here. Start it with npm start, or set DATABASE_URL.');
  return running;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const [name = '', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const usages = Object.values(COMMANDS).map(({ usage }) => `  npm run cli -- ${usage}`);
    throw new StartupError(['Commands:', ...usages].join('\n'));
  }
  const config = loadConfig();
  await command.run(config, await findDatabase(config), args);
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
