import { randomUUIDv7 } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/**
 * What the same rows cost at least: Fastify and `pg`, no framework, one statement a request. It looks up no token,
 * checks no input, and knows one organization.
 */
const ORGANIZATION_ID = randomUUIDv7();
const ACTOR_ID = randomUUIDv7();
const TOKEN_ID = randomUUIDv7();

const CREATE_TAG = {
  name: 'create-tag',
  text: `WITH event AS (
           INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
           VALUES ($1, $2, 1, nextval('event_position'), $3, 'TagCreated', 1, $4, $5, $6)
         )
         INSERT INTO tags (organization_id, id, name, color, state) VALUES ($1, $7, $8, $9, 'Active')`,
};
const GET_TAG = {
  name: 'get-tag',
  text: 'SELECT id, name, color, state FROM tags WHERE organization_id = $1 AND id = $2',
};

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = Fastify();

app.get('/health', async () => ({ status: 'ok' }));

app.post('/v1/tags', async (request) => {
  const { name, color } = request.body;
  const id = randomUUIDv7();
  const data = { id, name, color };
  const metadata = { actorId: ACTOR_ID, tokenId: TOKEN_ID, requestId: randomUUIDv7() };
  await pool.query({
    ...CREATE_TAG,
    values: [ORGANIZATION_ID, `tag-${id}`, randomUUIDv7(), data, metadata, new Date(), id, name, color],
  });
  return { data: { ...data, state: 'Active' } };
});

app.get('/v1/tags/:id', async (request, reply) => {
  const { rows } = await pool.query({ ...GET_TAG, values: [ORGANIZATION_ID, request.params.id] });
  return rows[0] ? { data: rows[0] } : reply.code(404).send({ message: 'Not found' });
});

await app.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
