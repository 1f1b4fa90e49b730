import { VERSION } from '../product.js';
import { check, type Check, report, skipped } from './checks.js';
import { type CliCommand, parsed, withWorkerDatabase } from './command.js';
import { failingReceivers } from './failing-receivers.js';
import { checkReplica } from './replica-check.js';
import { backlog, databaseVersion, migrationsApplied, redisAnswers, relayLag } from './service-checks.js';

export const status: CliCommand = {
  usage: [
    'status [--json]         show the version, and the state of database, webhooks, replica and Redis',
    '                        exit status of all commands: 0 no problem, 1 a problem, 2 wrong use',
  ],
  run: async (config, urls, args) => {
    const { values } = parsed(args, { json: { type: 'boolean', default: false } });
    const before = [
      await check('version', () => Promise.resolve(`Deskstream ${VERSION} on Node ${process.versions.node}`)),
      await check('database', () => databaseVersion(urls.appUrl)),
      await check('migrations', () => migrationsApplied(urls.appUrl)),
    ];
    const isUp = before.every(({ state }) => state === 'ok');
    const ofDatabase = isUp
      ? [...(await withWorkerDatabase(urls, ofWebhooks)), await checkReplica(config, urls.appUrl)]
      : ['webhooks', 'replica'].map((name) => skipped(name, 'is checked only when the database works'));
    const { redisUrl } = config;
    const redis = redisUrl ? await check('redis', () => redisAnswers(redisUrl)) : skipped('redis', 'is not configured');
    return report([...before, ...ofDatabase, redis], values.json);
  },
};

async function ofWebhooks(database: Parameters<typeof relayLag>[0]): Promise<Check[]> {
  return [
    await check('relay lag', () => relayLag(database)),
    await check('backlog', () => backlog(database)),
    await check('receivers', async () => {
      const failing = await failingReceivers(database);
      if (failing.length > 0) throw new Error(`${failing.length} failing: list them with the command deliveries`);
      return 'none fails';
    }),
  ];
}
