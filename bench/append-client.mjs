import { randomBytes, randomUUIDv7 } from 'node:crypto';
import pg from 'pg';
import { STREAMS } from '../dist/libs/resources/resources.js';
import { EventCodec } from '../dist/libs/event-store/event-codec.js';
import { EventStore } from '../dist/libs/event-store/event-store.js';
import { send } from '../dist/libs/database/connections.js';
import { Cipher } from '../dist/libs/platform/cipher.js';
import { Database } from '../dist/libs/database/database.js';
import { tagStream } from '../dist/libs/tags/tag.stream.js';
import { serveCalls } from './calls.mjs';

const { organizationId, ...metadata } = {
  organizationId: randomUUIDv7(),
  actorId: randomUUIDv7(),
  tokenId: randomUUIDv7(),
  requestId: randomUUIDv7(),
};
const eventsAlone = { ...tagStream, row: undefined };
const INSERT = {
  name: 'insert-event',
  text: `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
         VALUES ($1, $2, $3, nextval('event_position'), $4, $5, $6, $7, $8, $9)`,
};

/** Appends through the event store, and returns the rate. */
async function append(definition, clients, seconds) {
  const database = await Database.open({ url: process.env.APP_URL, role: 'deskstream_app', poolSize: clients });
  const store = new EventStore(database, new EventCodec(STREAMS, new Cipher(randomBytes(32))));
  try {
    return await rate(clients, seconds, ({ type, data }) =>
      store.append(definition, data.id, 0, [{ type, data }], { organizationId, ...metadata }),
    );
  } finally {
    await database.close();
  }
}

/** Inserts the same row by `pg` alone, and returns the rate. */
async function plainInserts(clients, seconds) {
  const pool = new pg.Pool({ connectionString: process.env.PLAIN_URL, max: clients });
  try {
    return await rate(clients, seconds, ({ type, data }) =>
      pool.query({
        ...INSERT,
        values: [organizationId, `tag-${data.id}`, 1, randomUUIDv7(), type, 1, data, metadata, new Date()],
      }),
    );
  } finally {
    await pool.end();
  }
}

const FLAG = { name: 'insert-flag', text: 'INSERT INTO flags (id, name) VALUES ($1, $2)' };

/** Returns the rate of two inserts in one transaction, sent by `insertBoth`. @param options of each connection */
async function pairs(clients, seconds, options, insertBoth) {
  const connections = Array.from({ length: clients }, () => new pg.Client(options));
  await Promise.all(connections.map((connection) => connection.connect()));
  try {
    return await rate(clients, seconds, async ({ type, data }) => {
      const connection = connections.pop();
      const event = [organizationId, `tag-${data.id}`, 1, randomUUIDv7(), type, 1, data, metadata, new Date()];
      await insertBoth(connection, { ...INSERT, values: event }, { ...FLAG, values: [data.id, data.name] });
      connections.push(connection);
    });
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
}

/** Sends both as one batch with one Sync, which makes it a transaction. */
const batched = (clients, seconds) =>
  pairs(clients, seconds, { connectionString: process.env.PLAIN_URL }, (connection, ...inserts) =>
    send(connection, inserts, 0),
  );

/** Sends them by `pg`'s own pipelining, with a Sync for each query. */
const pipelined = (clients, seconds) =>
  pairs(clients, seconds, { connectionString: process.env.PLAIN_URL, pipeline: true }, (connection, ...inserts) =>
    Promise.all([{ text: 'BEGIN' }, ...inserts, { text: 'COMMIT' }].map((query) => connection.query(query))),
  );

/** Returns the writes per second of clients that each write one event after the other. */
async function rate(clients, seconds, write) {
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let written = 0;
  const client = async () => {
    while (performance.now() < deadline) {
      const id = randomUUIDv7();
      await write({ type: 'TagCreated', data: { id, name: `Tag ${id}`, color: '#ff8800' } });
      written++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (written / (performance.now() - start)) * 1000;
}

serveCalls({
  events: (clients, seconds) => append(eventsAlone, clients, seconds),
  eventsAndTags: (clients, seconds) => append(tagStream, clients, seconds),
  plainInserts,
  batched,
  pipelined,
});
