import { PastStreams } from '#libs/event-store/past-streams.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { instantOf } from '#libs/platform/instant.js';
import { RetryDelivery, RetryDeliveryHandler } from '#libs/webhooks/log/deliveries.handlers.js';
import { DeliveryReader } from '#libs/webhooks/log/delivery.reader.js';
import { RequestRecovery, RequestRecoveryHandler } from '#libs/webhooks/recovery/recoveries.handlers.js';
import { RecoveryReader } from '#libs/webhooks/recovery/recovery.reader.js';
import { SubscriptionReader } from '#libs/webhooks/subscriptions/subscription.reader.js';
import { type Config } from '../config.js';
import { type InstallationUrls } from '../setup.js';
import {
  type CliCommand,
  type CliTools,
  parsed,
  print,
  withOrganization,
  withWorkerDatabase,
  WrongUse,
} from './command.js';
import { failingReceivers } from './failing-receivers.js';

const OPTIONS = {
  organization: { type: 'string' },
  json: { type: 'boolean', default: false },
  since: { type: 'string' },
  until: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const;

type Options = ReturnType<typeof parsed<typeof OPTIONS>>['values'];
type Action = (config: Config, urls: InstallationUrls, options: Options, ids: string[]) => Promise<boolean>;

const ACTIONS: Record<string, Action> = { list, retry, recover };

export const deliveries: CliCommand = {
  usage: [
    'deliveries [list] [--json]',
    '                        list the receivers that fail, of all organizations; exit status 1 if there are any',
    'deliveries retry <subscription> <delivery> [--organization <id>] [--json]',
    '                        make a delivery due now',
    'deliveries recover <subscription> --since <instant> [--until <instant>] [--all] [--organization <id>] [--json]',
    '                        deliver the events of a period again: the undelivered ones, or --all',
  ],
  run: async (config, urls, args) => {
    const { values, positionals } = parsed(args, OPTIONS);
    const [name = 'list', ...ids] = positionals;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) throw new WrongUse(deliveries.usage.join('\n'));
    return action(config, urls, values, ids);
  },
};

async function list(_: Config, urls: InstallationUrls, { json }: Options): Promise<boolean> {
  const failing = await withWorkerDatabase(urls, failingReceivers);
  if (json) print(JSON.stringify({ data: failing }));
  else if (failing.length === 0) print('No receiver fails.');
  for (const receiver of json ? [] : failing) {
    const { organization, organizationId, subscriptionId, name, url, failures, failingSince, disabledReason } =
      receiver;
    print(`${subscriptionId}  ${name}  ${url}  of ${organization} (${organizationId})`);
    const since = failingSince ? ` since ${failingSince.toISOString()}` : '';
    print(`  ${disabledReason ? `disabled: ${disabledReason}` : `${failures} failures${since}`}`);
  }
  return failing.length === 0;
}

async function retry(config: Config, urls: InstallationUrls, options: Options, ids: string[]): Promise<boolean> {
  const [subscriptionId, id] = idsOf(['subscription', 'delivery'], ids);
  await withOrganization(config, urls, options.organization, async ({ organizationId }, tools) => {
    const handler = new RetryDeliveryHandler(
      tools.database,
      new DeliveryReader(tools.database, subscriptionsOf(tools)),
    );
    const delivery = await handler.execute(new RetryDelivery({ organizationId, subscriptionId, id }));
    print(options.json ? JSON.stringify({ data: delivery }) : `Delivery ${id} is ${delivery.state}.`);
  });
  return true;
}

async function recover(config: Config, urls: InstallationUrls, options: Options, ids: string[]): Promise<boolean> {
  const [subscriptionId] = idsOf(['subscription'], ids);
  const since = instantGiven('since', options.since);
  if (since === undefined) throw new WrongUse('--since must be given, as an instant such as 2027-03-14T09:26:53Z.');
  const scope = { since, until: instantGiven('until', options.until), onlyMissing: !options.all };
  await withOrganization(config, urls, options.organization, async (context, tools) => {
    const subscriptions = subscriptionsOf(tools);
    const reader = new RecoveryReader(tools.database, subscriptions);
    const handler = new RequestRecoveryHandler(tools.store, reader, subscriptions, config.webhooks);
    const recovery = await handler.execute(new RequestRecovery({ context, subscriptionId, scope }));
    print(options.json ? JSON.stringify({ data: recovery }) : `Recovery ${recovery.id} is ${recovery.state}.`);
  });
  return true;
}

function subscriptionsOf({ database, cipher, codec }: CliTools): SubscriptionReader {
  return new SubscriptionReader(database, cipher, new PastStreams(database, codec));
}

function idsOf<Names extends string[]>(names: [...Names], given: string[]): { [Name in keyof Names]: string } {
  for (const [index, name] of names.entries()) {
    if (faultOfUuid(given[index]?.toLowerCase() ?? '')) throw new WrongUse(`Name the ${name} by its id.`);
  }
  return given.map((id) => id.toLowerCase()) as { [Name in keyof Names]: string };
}

function instantGiven(name: string, given: string | undefined): string | undefined {
  const instant = given === undefined ? undefined : instantOf(given)?.toISOString();
  if (given !== undefined && instant === undefined) {
    throw new WrongUse(`--${name} must be an instant such as 2027-03-14T09:26:53Z.`);
  }
  return instant;
}
