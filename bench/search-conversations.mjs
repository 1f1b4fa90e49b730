import pg from 'pg';
import { conversationStream } from '../dist/libs/conversations/conversation.stream.js';
import { NOTE, TIER } from './search-rows.mjs';

export const CONVERSATION_ORDERS = ['createdAt', '-createdAt', 'updatedAt', '-updatedAt'];
const DAY_MS = 86_400_000;
const PER_DAY = 1440;

/** Returns the id of the n-th queue, agent, end user or tag. */
const idOf = (kind, n) => `01980f6a-0000-7${kind}00-8000-${String(n).padStart(12, '0')}`;
const QUEUE = 'a';
const AGENT = 'b';
const REQUESTER = 'c';
const TAG = 'd';
const sqlIdOf = (kind, n) => `('01980f6a-0000-7${kind}00-8000-' || lpad((${n})::text, 12, '0'))::uuid`;

/** Filters by kind, each with few and many matches; those with the number 0 have matches in the older half only. */
export function conversationFilters(count) {
  const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
  const days = count / PER_DAY;
  const tier = (attributeValue) => ({ attributeId: TIER, attributeValue });
  const ids = (name, kind, numbers) => numbers.map((n) => ({ [name]: idOf(kind, n) }));
  return [
    [{ state: 'Open' }, { state: 'Pending' }, { state: 'Closed' }],
    [{ channel: 'Email' }, { channel: 'Sms' }, { channel: 'Twitter' }],
    ids('queueId', QUEUE, [0, 1]),
    ids('assigneeId', AGENT, [0, 1]),
    ids('requesterId', REQUESTER, [1]),
    ids('tagId', TAG, [1, 2, 3]),
    [tier('gold'), tier('rare'), { attributeId: NOTE, attributeValue: 'note 1' }],
    [{ createdSince: ago(days / 2) }, { createdSince: ago(1) }],
    [{ createdUntil: ago(days / 2) }, { createdUntil: ago(days - 1) }],
    [{ updatedSince: ago(30) }, { updatedSince: ago(1) }],
    [{ closedSince: ago(30) }, { closedSince: ago(1) }],
  ];
}

/**
 * Inserts the rows of conversations as events would leave them: one a minute, closed within five days, and changed
 * until ten days after that.
 */
export async function fillConversations(ownerUrl, count) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`CREATE TEMP TABLE conversations_made AS ${made(count)}`);
    await client.query(CONVERSATIONS, [conversationStream.shape]);
    await client.query(TAGS);
    await client.query(ATTRIBUTES);
    await client.query('VACUUM ANALYZE conversations, conversation_tags, conversation_attributes');
    // Otherwise it would be written while lists are measured.
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

const made = (count) => `
  SELECT organization_id, n AS id, at, stated + random() * least(interval '10 days', now() - stated) AS updated_at,
    CASE WHEN ends < now() THEN 'Closed' WHEN random() < 0.8 THEN 'Open' ELSE 'Pending' END AS state,
    CASE WHEN ends < now() THEN ends END AS closed_at,
    CASE WHEN is_old AND random() < 0.2 THEN 'Twitter' WHEN random() < 0.01 THEN 'Sms' ELSE 'Email' END AS channel,
    ${sqlIdOf(QUEUE, 'CASE WHEN is_old AND random() < 0.2 THEN 0 ELSE 1 + n % 10 END')} AS queue_id,
    CASE WHEN random() < 0.95 THEN ${sqlIdOf(AGENT, 'CASE WHEN is_old AND random() < 0.02 THEN 0 ELSE 1 + (random() * 98)::int END')}
      END AS assignee_id,
    ${sqlIdOf(REQUESTER, '1 + (random() * 200000)::int')} AS requester_id,
    CASE WHEN random() < 0.2 THEN 1 WHEN random() < 0.01 THEN 2 WHEN random() < 0.0005 THEN 3 END AS tag,
    CASE WHEN random() < 0.5 THEN 'gold' WHEN random() < 0.001 THEN 'rare' ELSE 'basic' END AS tier,
    'note ' || n AS note
  FROM organizations, generate_series(1, ${count}) AS n,
    LATERAL (SELECT n < ${count >> 1} AS is_old,
      date_trunc('milliseconds', now() - (${count} - n) * interval '1 minute') AS at) AS created,
    LATERAL (SELECT at + random() * interval '5 days' AS ends) AS ended,
    LATERAL (SELECT CASE WHEN ends < now() THEN ends ELSE at END AS stated) AS states`;

const iso = (instant) => `to_char(${instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SHOWN = `'id', id, 'requesterId', requester_id, 'channel', channel, 'createdAt', ${iso('at')}, 'direction', 'Inbound',
  'state', state, 'stateUpdatedAt', ${iso('coalesce(closed_at, at)')}`;

const CONVERSATIONS = `
  INSERT INTO conversations (organization_id, id, version, shape, recorded_at, document, shown, requester_id, channel,
      state, created_at, assignee_id, queue_id, queued_at, closed_at)
    SELECT organization_id, id, 3, $1, updated_at,
      json_build_object(${SHOWN}, 'served', true, 'tagIds', '[]'::json, 'customAttributes', '{}'::json),
      json_build_object('_type', 'EmailConversation', ${SHOWN}, 'subject', note)::text,
      requester_id, channel, state, at, assignee_id, queue_id,
      CASE WHEN assignee_id IS NULL AND state = 'Open' THEN at END, closed_at
    FROM conversations_made`;

const TAGS = `
  INSERT INTO conversation_tags (organization_id, conversation_id, tag_id)
    SELECT organization_id, id, ${sqlIdOf(TAG, 'tag')} FROM conversations_made WHERE tag IS NOT NULL`;

const ATTRIBUTES = `
  INSERT INTO conversation_attributes (organization_id, conversation_id, attribute_id, value)
    SELECT organization_id, id, '${TIER}'::uuid, unnest(ARRAY['business', tier]) FROM conversations_made
    UNION ALL SELECT organization_id, id, '${NOTE}'::uuid, note FROM conversations_made`;
