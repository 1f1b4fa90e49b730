import { once } from 'node:events';
import { Notifications } from '#libs/database/notifications.js';
import { type FeedFilter } from '#libs/event-store/organization-feed.js';
import { type ShownEvent, shownEvent } from '#libs/events/event.shown.js';
import { FeedReader } from '#libs/events/feed-reader.js';
import { FeedWatch } from '#libs/events/feed-watch.js';
import { type CliCommand, type CliTools, parsed, print, withOrganization, WrongUse } from './command.js';

const PAGE = 100;
const WAIT_MS = 60_000;
const OPTIONS = {
  organization: { type: 'string' },
  json: { type: 'boolean', default: false },
  from: { type: 'string', default: 'now' },
  max: { type: 'string', default: 'Infinity' },
  types: { type: 'string' },
  stream: { type: 'string' },
} as const;

export const events: CliCommand = {
  usage: [
    'events tail [--from <beginning|now>] [--types <a,b>] [--stream <stream>] [--max <number>] [--organization <id>] [--json]',
    '                        follow the events of an organization, until Ctrl-C or for that many;',
    '                        with --json as the API shows them, with personal data',
  ],
  run: async (config, urls, args) => {
    const { values, positionals } = parsed(args, OPTIONS);
    const max = Number(values.max);
    if (positionals.join() !== 'tail') throw new WrongUse(events.usage.join('\n'));
    if (!['beginning', 'now'].includes(values.from)) throw new WrongUse('--from must be beginning or now.');
    if (!(max >= 1)) throw new WrongUse('--max must be a positive whole number.');
    const filter = { types: values.types?.split(','), stream: values.stream };
    const show = values.json ? JSON.stringify : lineOf;
    const notifications = new Notifications(urls.appUrl);
    const stop = new AbortController();
    void once(process, 'SIGINT', { signal: stop.signal }).then(
      () => {
        stop.abort();
      },
      () => undefined,
    );
    try {
      await withOrganization(config, urls, values.organization, async ({ organizationId }, tools) => {
        const reader = new FeedReader(tools.database, new FeedWatch(notifications));
        const start = values.from === 'now' ? await reader.end(organizationId) : 0;
        const shown = tail(reader, tools, { organizationId, filter, limit: PAGE }, start, stop.signal);
        let count = 0;
        for await (const event of shown) {
          print(show(event));
          if (++count >= max) break;
        }
      });
    } finally {
      stop.abort();
      await notifications.close();
    }
  },
};

/** Yields the events after a position, and each new one, until the signal. */
async function* tail(
  reader: FeedReader,
  { codec }: CliTools,
  reading: { organizationId: string; filter: FeedFilter; limit: number },
  start: number,
  signal: AbortSignal,
): AsyncGenerator<ShownEvent> {
  for (let position = start; !signal.aborted;) {
    const page = await reader.await(reading, position, WAIT_MS, signal);
    for (const row of page.rows) yield shownEvent(codec, row, ['admin']);
    position = page.position;
  }
}

function lineOf({ recordedAt, type, stream, version, actorId }: ShownEvent): string {
  return `${recordedAt}  ${type.padEnd(32)}  ${stream}  version ${version}  by ${actorId}`;
}
