import pg from 'pg';
import { conversationStream } from '../dist/libs/conversations/conversation.stream.js';

const VOCABULARY = 50_000;
const MESSAGES_OF_ONE = 5;
/** An organization of a fifth of the size. Only its messages have the word `foreign`. */
const OTHER = '01980f6a-0000-7e00-8000-00000000000e';
/** Ids that lists of conversations do not use. */
const FIRST_ID = 10_000_000;

/** Returns the n-th most frequent word. It is not the beginning of another one. */
const word = (n) => `w${n}x`;

/** Searches for frequent and rare words, alone and together, and with filters that match many and few. */
export function wordSearches() {
  const queries = [
    ...[1, 10, 100, 300, 1_000, 3_000, 10_000, 40_000].map(word),
    ...['w', 'w1', 'w49'],
    ...['olden', 'foreign', 'absent', 'unique77x'],
    `${word(1)} ${word(2)}`,
    `${word(1)} ${word(1_000)}`,
    `${word(30)} ${word(40)}`,
    `${word(300)} ${word(400)}`,
    `${word(1)} olden`,
  ];
  const phrases = [`${word(1)} ${word(2)}`, `${word(30)} ${word(40)}`, `${word(300)} ${word(400)}`];
  const filters = { closed: condition('Status', ['closed']), 'by SMS': condition('Channel', ['sms']) };
  return [
    ...queries.map((query) => ({ label: query, parameters: { query } })),
    ...phrases.map((query) => ({ label: `"${query}"`, parameters: { query, exactMatch: true } })),
    ...Object.entries(filters).flatMap(([label, filter]) =>
      [word(1), word(300), word(3_000), 'olden'].map((value) => ({
        label: `${value}, ${label}`,
        parameters: {},
        body: { query: { value }, filters: filter },
      })),
    ),
  ];
}

function condition(_type, values) {
  return { strategy: 'All', conditions: [{ field: { _type, operator: { _type: 'IsOneOf', values } } }] };
}

/** Inserts the rows of messages with 20 to 60 words, five in a conversation; the words have a Zipf distribution. */
export async function fillMessages(ownerUrl, count) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('DROP INDEX conversation_texts_words');
    await client.query(`CREATE TEMP TABLE messages_made AS ${made(count)}`);
    await client.query(CONVERSATIONS, [conversationStream.shape]);
    await client.query(MESSAGES);
    await client.query(TEXTS);
    await client.query(
      'CREATE INDEX conversation_texts_words ON conversation_texts USING gin (words) WITH (fastupdate = off)',
    );
    await client.query('VACUUM ANALYZE conversations, conversation_messages, conversation_texts');
    // Otherwise it would be written while searches are measured.
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

const made = (count) => `
  SELECT organization_id, ${FIRST_ID} + n / ${MESSAGES_OF_ONE} AS conversation_id, uuidv7((n - ${count}) * interval '1 minute') AS id,
    now() - (${count} - n) * interval '1 minute' AS at, words || more AS text
  FROM (SELECT organization_id, 1 AS share FROM organizations UNION SELECT '${OTHER}', 5) AS sized,
    generate_series(0, ${count} - 1) AS n,
    LATERAL (SELECT string_agg('w' || floor(exp(random() * ln(${VOCABULARY})))::int || 'x', ' ') AS words
      FROM generate_series(1, 20 + (n + share) % 41)) AS drawn,
    LATERAL (SELECT CASE WHEN share = 5 THEN ' foreign' ELSE ' unique' || n || 'x' END
      || CASE WHEN n < ${count >> 1} AND n % 10 = 0 THEN ' olden' ELSE '' END AS more) AS added
  WHERE n % share = 0`;

const CONVERSATIONS = `
  INSERT INTO conversations (organization_id, id, version, shape, recorded_at, document, shown, requester_id, channel,
      direction, state, created_at)
    SELECT organization_id, conversation_id, ${MESSAGES_OF_ONE}, $1, max(at), '{}', '{}', gen_random_uuid(),
      CASE WHEN random() < 0.01 THEN 'Sms' ELSE 'Email' END, 'Inbound',
      CASE WHEN random() < 0.9 THEN 'Closed' ELSE 'Open' END, min(at)
    FROM messages_made GROUP BY organization_id, conversation_id`;

const MESSAGES = `
  INSERT INTO conversation_messages (organization_id, conversation_id, id, author_id, direction, created_at, version, body)
    SELECT organization_id, conversation_id, id, id, 'Inbound', at, 1, jsonb_build_object('attachments', '[]'::jsonb,
      'content', jsonb_build_object('_type', 'Text', 'value', text))
    FROM messages_made`;

/** The words as tsvectorOf makes them: see libs/conversations/search/words.ts. */
const TEXTS = `
  INSERT INTO conversation_texts (organization_id, conversation_id, id, source, words)
    SELECT organization_id, conversation_id, id, 'message',
      (words || format(' ''%s#%s''', mark, to_hex(conversation_id >> 8)))::tsvector
    FROM messages_made,
      LATERAL (SELECT right(organization_id::text, 4) AS mark, lpad(to_hex(conversation_id >> 12), 5, '0') AS region) AS starts,
      LATERAL (SELECT string_agg(format('''%s%s%s'':%s', mark, region, word, place), ' ') AS words
        FROM string_to_table(text, ' ') WITH ORDINALITY AS placed(word, place)) AS made`;
