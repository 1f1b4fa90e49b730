import pg from 'pg';
import { createOrganizations } from './organizations.mjs';
import { Process } from './processes.mjs';
import { TOKEN } from './servers.mjs';
import { figuresOf } from './store/figures.mjs';
import { Growth } from './store/growth.mjs';
import { atLeast, atMost, number, ratio } from './table.mjs';
import { Installation } from './webhooks/installation.mjs';

/** Minimum ratio of rates to those of the smallest store; of times the other way round. */
const TARGET = 0.85;

/** Measures the same installation again and again while the number of events grows. */
export async function measureStore(bench) {
  const installation = await Installation.start(bench, 'store');
  const administrators = await createOrganizations(installation.dataDir, bench.plan.storeOrganizations);
  const client = new pg.Client({ connectionString: installation.ownerUrl });
  await client.connect();
  const growth = new Growth(installation.dataDir, installation.appUrl, administrators);
  const loader = Process.fork(bench, 'store-load', 'load.mjs', { ...process.env, TOKEN });
  const store = { installation, client, loader, growth, tokens: administrators.map(({ token }) => token) };
  const columns = [];
  for (const size of bench.plan.storeEvents) {
    bench.say(`Store: makes ${number(size)} events`);
    await growth.grow(size - (await countEvents(client)));
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
    columns.push(await figuresOf(bench, { ...store, events: await countEvents(client) }));
  }
  await loader.stop();
  await client.end();
  await installation.stop();
  return rowsOf(bench.plan, columns);
}

async function countEvents(client) {
  const { rows } = await client.query('SELECT count(*)::integer AS count FROM events');
  return rows[0].count;
}

/** Returns a row for each figure: its values, and their ratios to the first. */
function rowsOf({ storeEvents, storeOrganizations }, columns) {
  const sizes = storeEvents.map((size) => number(size)).join(' / ');
  const title = `Store of ${sizes} events of ${number(storeOrganizations)} organizations`;
  return [
    [title, '', '', '', '', '', ''],
    ...columns[0].map(({ label, ...kind }, row) => {
      const values = columns.map((figures) => figures[row].value);
      const decimals = values[0] < 100 ? 1 : 0;
      return [
        `  ${label}`,
        values.map((value) => number(value, decimals)).join(' / '),
        '',
        '',
        '',
        '',
        verdict(kind, values),
      ];
    }),
  ];
}

function verdict({ most, rises, falls }, values) {
  if (most) return atMost(Math.max(...values), most, 's');
  const ratios = values.map((value) => (falls ? values[0] / value : value / values[0]));
  const listed = ratios
    .slice(1)
    .map((value) => ratio(value))
    .join(' / ');
  return rises || falls ? `${atLeast(Math.min(...ratios), TARGET, '×')} (${listed})` : listed;
}
