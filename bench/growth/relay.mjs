import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { subscription } from './kinds.mjs';
import { makeStreams } from './streams.mjs';

const POLL_MS = 2;
const SHORT = 10;

/**
 * Measures how many events per second the relay turns into deliveries: in short streams, and at the end of a long one.
 * @param long a stream that has grown
 */
export async function measureRelay({ plan, say }, installation, api, kind, long) {
  const client = new pg.Client({ connectionString: installation.ownerUrl });
  await client.connect();
  const backlogs = [
    () => makeStreams(api, kind, Math.ceil(plan.relayEvents / SHORT), SHORT),
    () => long.growTo(long.length + plan.relayEvents),
  ];
  const rates = [];
  for (const fill of backlogs) {
    await relay(installation, client);
    const id = await api.create('/v1/webhooks', subscription({ events: kind.relayed }));
    await fill();
    rates.push(await relay(installation, client, kind.relayed));
    await api.send('DELETE', `/v1/webhooks/${id}`);
    say(`Growth: ${kind.label}: ${Math.round(rates.at(-1))} events/s relayed`);
  }
  await client.end();
  return { short: rates[0], long: rates[1] };
}

/** Runs a worker until it has relayed everything, and returns its rate after its first page. */
async function relay(installation, client, types = []) {
  const last = await one(client, 'SELECT coalesce(max(position), 0) AS value FROM events');
  const before = await positionOf(client);
  const worker = await installation.startWorker();
  let first;
  for (let position = before; position < last; position = await positionOf(client)) {
    if (position > before) first ??= { position, at: performance.now() };
    await pause(POLL_MS);
  }
  const seconds = (performance.now() - first?.at) / 1000;
  await worker.stop();
  const counted = 'SELECT count(*) AS value FROM events WHERE position > $1 AND position <= $2 AND type = ANY($3)';
  return (await one(client, counted, [first?.position ?? last, last, types])) / seconds;
}

/** Returns the checkpoint of the only organization's partition. */
function positionOf(client) {
  const text = `SELECT position AS value FROM checkpoints
                WHERE consumer = (SELECT 'webhooks/' || partition_of(organization_id) FROM organizations LIMIT 1)`;
  return one(client, text);
}

async function one(client, text, values) {
  const { rows } = await client.query(text, values);
  return Number(rows[0].value);
}
