import { randomUUIDv7 } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/**
 * The minimum for the same rows: Fastify and `pg`, no framework, one statement per request. It checks no token and no
 * input, and has one organization.
 */
const ORGANIZATION_ID = process.env.ORGANIZATION_ID ?? randomUUIDv7();
const ACTOR_ID = randomUUIDv7();
const TOKEN_ID = randomUUIDv7();

const CREATE_TAG = {
  name: 'create-tag',
  text: `WITH event AS (
           INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
           VALUES ($1, $2, 1, nextval('event_position'), $3, 'TagCreated', 1, $4, $5, $6)
         )
         INSERT INTO tags (organization_id, id, version, shape, recorded_at, document, shown, name, name_key, state)
         VALUES ($1, $7, 1, 1, $6, $8::text::json, $8, $9, $10, 'Active')`,
};
const GET_TAG = { name: 'get-tag', text: 'SELECT shown FROM tags WHERE organization_id = $1 AND id = $2' };
const GET_END_USER = { name: 'get-user', text: 'SELECT shown FROM end_users WHERE organization_id = $1 AND id = $2' };

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = Fastify();

app.get('/health', async () => ({ status: 'ok' }));

app.post('/v1/tags', async (request, reply) => {
  const { name, color } = request.body;
  const id = randomUUIDv7();
  const data = { id, name, color };
  const metadata = { actorId: ACTOR_ID, tokenId: TOKEN_ID, requestId: randomUUIDv7() };
  const shown = JSON.stringify({ ...data, state: 'Active' });
  const event = [ORGANIZATION_ID, `tag-${id}`, randomUUIDv7(), data, metadata, new Date()];
  await pool.query({ ...CREATE_TAG, values: [...event, id, shown, name, name.toLowerCase()] });
  return answer(reply, shown);
});

app.get('/v1/tags/:id', (request, reply) => get(GET_TAG, request, reply));
app.get('/v1/endusers/:id', (request, reply) => get(GET_END_USER, request, reply));

async function get(statement, { params }, reply) {
  const { rows } = await pool.query({ ...statement, values: [ORGANIZATION_ID, params.id] });
  return rows[0] ? answer(reply, rows[0].shown) : reply.code(404).send({ message: 'Not found' });
}

function answer(reply, shown) {
  return reply.type('application/json; charset=utf-8').send(`{"data":${shown}}`);
}

await app.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
