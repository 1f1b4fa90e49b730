import { setTimeout as pause } from 'node:timers/promises';
import { Api } from '../growth/api.mjs';
import { subscription } from '../growth/kinds.mjs';

const POLL_MS = 5;
const SUBSCRIBERS = 64;

/** Returns the events per second that a worker turns into deliveries, after its first page. */
export async function relayRate({ relayEvents }, { installation, client, loader, tokens }) {
  const caughtUp = `SELECT min(position) >= (SELECT max(position) FROM events) AS value FROM checkpoints
    WHERE starts_with(consumer, 'webhooks/')`;
  await whileWorking(installation, () => until(client, caughtUp, (value) => value));
  const subscribers = tokens.slice(0, SUBSCRIBERS);
  const subscriptions = [];
  for (const token of subscribers) {
    const api = new Api(installation.url, token);
    subscriptions.push([api, await api.create('/v1/webhooks', subscription({ events: ['TagCreated'] }))]);
  }
  const relayed = 'SELECT count(*)::integer AS value FROM webhook_messages';
  const before = await one(client, relayed);
  await loader.call('create', installation.url, relayEvents, subscribers);
  const rate = await whileWorking(installation, async () => {
    const first = await until(client, relayed, (value) => value > before);
    const begun = performance.now();
    const last = await until(client, relayed, (value) => value === before + relayEvents);
    return (last - first) / ((performance.now() - begun) / 1000);
  });
  for (const [api, id] of subscriptions) await api.send('DELETE', `/v1/webhooks/${id}`);
  return rate;
}

async function whileWorking(installation, work) {
  const worker = await installation.startWorker();
  try {
    return await work();
  } finally {
    await worker.stop();
  }
}

/** Waits until a query's value is such, and returns it. */
async function until(client, text, isSuch) {
  for (;;) {
    const value = await one(client, text);
    if (isSuch(value)) return value;
    await pause(POLL_MS);
  }
}

async function one(client, text) {
  const { rows } = await client.query(text);
  return rows[0].value;
}
