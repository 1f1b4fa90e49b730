import { VERSION } from '../product.js';
import { check, type Check, report, skipped } from './checks.js';
import { type CliCommand, parsed, withWorkerDatabase } from './command.js';
import { failingReceivers } from './failing-receivers.js';
import { lookAtReplica } from './replica-look.js';
import { backlog, databaseVersion, migrationsApplied, redisAnswers, relayLag } from './looks.js';

export const status: CliCommand = {
  usage: [
    'status [--json]         tell the version, and whether database, webhooks, replica and Redis are well',
    '                        exit status: 0 well, 1 a problem, 2 wrong use; as of all commands',
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
      ? [...(await withWorkerDatabase(urls, ofWebhooks)), await lookAtReplica(config, urls.appUrl)]
      : [skipped('webhooks', 'the database comes first'), skipped('replica', 'the database comes first')];
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
      if (failing.length > 0) throw new Error(`${failing.length} fail: see deliveries`);
      return 'none fails';
    }),
  ];
}
