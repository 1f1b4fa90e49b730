/**
 * `npm run build && node bench/search.mjs`: how long lists of end users take, for each filter, each two of them, in each
 * order, at the first page and the one after it.
 *
 *   --end-users=1000000   how many there are
 *   --repeat=15           requests for each list
 *   --show=20             the slowest lists that are shown
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
import { startDeskstream, TOKEN } from './servers.mjs';
import { percentile } from './statistics.mjs';
import { number, renderTable } from './table.mjs';

const TIER = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';
const NOTE = '01980f6a-5c1d-7a10-9b2c-3d4e5f607183';
const DAY_MS = 86_400_000;
const WARM_UPS = 3;
const ORDERS = ['createdAt', '-createdAt', 'updatedAt', '-updatedAt', 'name', '-name'];

const { values: options } = parseArgs({
  options: {
    'end-users': { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '15' },
    show: { type: 'string', default: '20' },
  },
});
const [count, repeat, show] = [options['end-users'], options.repeat, options.show].map(Number);

const [loadBefore] = loadavg();
const results = [];
const status = await runBench({}, async (bench) => {
  const { url } = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  bench.say(`makes ${count} end users`);
  await fill(ownerUrl);
  const lists = combinations();
  bench.say(`asks for ${lists.length} lists`);
  for (const { label, parameters } of lists) results.push(...(await measure(url, label, parameters)));
});
if (results.length > 0) console.log(`${report()}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);

/** Their rows, as the events would leave them. Names, values and times of change have nothing to do with one another. */
async function fill(ownerUrl) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`
      CREATE TEMP TABLE made AS
        SELECT n, organization_id, at, md5(n::text) AS hash,
          (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8' || substr(md5(n::text), 1, 15))::uuid AS id
        FROM organizations, generate_series(1, ${count}) AS n,
          LATERAL (SELECT date_trunc('milliseconds', now() - (${count} - n) * interval '1 minute') AS at) AS times;
      INSERT INTO end_users (organization_id, id, created_at, updated_at, display_name, email, external_id, custom_attributes)
        SELECT organization_id, id, at,
          date_trunc('milliseconds', now() - random() * interval '365 days'),
          CASE WHEN random() < 0.5 THEN 'A' ELSE chr(98 + (random() * 24)::int) END
            || translate(substr(hash, 1, 7), '0123456789', 'ghijklmnop') || ' ' || n,
          'end.user.' || n || '@customers.example', 'crm-' || n,
          jsonb_build_object('${TIER}', jsonb_build_array('business', CASE WHEN r < 0.5 THEN 'gold' WHEN r < 0.55 THEN 'silver'
            WHEN r < 0.551 THEN 'rare' ELSE 'basic' END), '${NOTE}', 'note ' || n)
        FROM made, LATERAL (SELECT random() AS r, n AS each_row) AS chance;
      INSERT INTO end_user_addresses SELECT organization_id, id, 'email', 'email', email FROM end_users;
      INSERT INTO end_user_addresses SELECT organization_id, id, 'externalId', 'externalId', external_id FROM end_users;
      INSERT INTO end_user_attributes
        SELECT organization_id, id, '${TIER}'::uuid, jsonb_array_elements_text(custom_attributes -> '${TIER}') FROM end_users
        UNION ALL SELECT organization_id, id, '${NOTE}'::uuid, custom_attributes ->> '${NOTE}' FROM end_users;
    `);
    await client.query('VACUUM ANALYZE end_users, end_user_addresses, end_user_attributes');
  } finally {
    await client.end();
  }
}

/** Each filter with few and with many matches, alone and with each filter of another kind, in each order. */
function combinations() {
  const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
  const days = count / 1440;
  const tier = (attributeValue) => ({ attributeId: TIER, attributeValue });
  const kinds = [
    [{ email: `end.user.${count >> 1}@customers.example` }],
    [{ namePrefix: 'a' }, { namePrefix: 'ag' }, { namePrefix: 'agh' }, { namePrefix: 'aghij' }],
    [tier('gold'), tier('silver'), tier('rare'), { attributeId: NOTE, attributeValue: 'note 1' }],
    [{ createdSince: ago(days / 2) }, { createdSince: ago(1) }],
    [{ createdUntil: ago(days / 2) }, { createdUntil: ago(days - 1) }],
    [{ updatedSince: ago(180) }, { updatedSince: ago(10) }, { updatedSince: ago(0.1) }],
  ];
  const pairs = kinds.flatMap((kind, index) =>
    kinds.slice(index + 1).flatMap((others) => kind.flatMap((one) => others.map((other) => ({ ...one, ...other })))),
  );
  return [{}, ...kinds.flat(), ...pairs].flatMap((filters) =>
    ORDERS.map((sort) => ({ label: labelOf(filters, sort), parameters: { ...filters, sort } })),
  );
}

function labelOf(filters, sort) {
  const { attributeId, ...others } = filters;
  const shown = Object.entries(others).map(([name, value]) => `${name}=${value.replace(/T.*Z$/, '')}`);
  return `${shown.join(' & ') || 'all'} by ${sort}`;
}

async function measure(url, label, parameters) {
  const first = `${url}/v1/endusers?${new URLSearchParams(parameters)}`;
  const { found, next, ...times } = await timesOf(first);
  const rows = [{ label, found, ...times }];
  if (next) rows.push({ label: `${label}, next page`, ...(await timesOf(next)) });
  return rows;
}

async function timesOf(url) {
  const times = [];
  let body;
  for (let request = 0; request < WARM_UPS + repeat; request++) {
    const begun = performance.now();
    const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    body = await response.json();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(body)}`);
    if (request >= WARM_UPS) times.push(performance.now() - begun);
  }
  times.sort((one, other) => one - other);
  return {
    found: body.data.length,
    next: body.meta.next,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
  };
}

function report() {
  const sorted = results.toSorted((one, other) => other.p95 - one.p95);
  const row = ({ label, found, p50, p95 }) => [label, number(found), number(p50, 1), number(p95, 1), ''];
  const slow = sorted.filter(({ p95 }) => p95 > 20).length;
  const all = sorted.map(({ p95 }) => p95).toReversed();
  const spread = [0.5, 0.9, 0.99].map((share) => number(percentile(all, share), 1));
  return `${renderTable(['Slowest lists', 'on the page', 'p50, ms', 'p95, ms', ''], sorted.slice(0, show).map(row))}

${results.length} lists of ${number(count)} end users: half have a p95 of at most ${spread[0]} ms, 90 % of ${spread[1]} ms, 99 % of ${spread[2]} ms; ${slow} of more than 20 ms`;
}
