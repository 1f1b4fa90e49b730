import { hash } from 'node:crypto';
import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';

/** A request under an Idempotency-Key. */
export interface KeyedRequest {
  organizationId: string;
  tokenId: string;
  key: string;
  /** SHA-256 of the request's method, URL and body, in hex. */
  fingerprint: string;
}

/** The stored row of an executed request. */
export interface KeptRow {
  /** Empty when the row must not contain any data of the request. */
  fingerprint: string;
  /** Sealed; null when the answer is not kept. */
  answer: string | null;
}

/** Time for which a repetition is recognized. */
const KEPT = `interval '24 hours'`;
/** Number of rows that one transaction deletes: few enough that no request waits for it. */
const DROPPED_AT_ONCE = 2_000;

const idOf = ({ organizationId, tokenId, key }: KeyedRequest) => [organizationId, tokenId, hash('sha256', key, 'hex')];

/** Takes the key until the commit. Returns, as `taken`, whether no other request under the key is in progress. */
export function takeKey(request: KeyedRequest): Statement {
  return { text: 'SELECT take_idempotency_key($1, $2, $3) AS taken', values: idOf(request) };
}

/** Returns the {@link KeptRow} of the request that was executed under the key, if there is one. */
export function keptRequest(request: KeyedRequest): Statement {
  return {
    text: `SELECT fingerprint, answer FROM idempotency_keys
           WHERE organization_id = $1 AND token_id = $2 AND key_hash = $3 AND created_at > now() - ${KEPT}`,
    values: idOf(request),
  };
}

/**
 * Keeps a request with its answer; without the answer if a person that it may mention has been anonymized since. The
 * locks on the streams' keys delay an anonymization until the commit, so that it finds the row.
 * @param answer sealed; null when it is not to be kept
 * @param personalStreams the streams of the persons that the answer may mention
 */
export function keepRequest(request: KeyedRequest, answer: string | null, personalStreams: string[]): Statement {
  return {
    text: `WITH keys AS (SELECT FROM stream_keys WHERE organization_id = $1 AND stream = ANY($6) FOR SHARE)
           INSERT INTO idempotency_keys (organization_id, token_id, key_hash, fingerprint, answer, personal_streams, created_at)
           SELECT $1::uuid, $2::uuid, $3::text, CASE WHEN known THEN $4 ELSE '' END, CASE WHEN known THEN $5 END, $6::text[], now()
           FROM (SELECT count(*) = cardinality($6::text[]) AS known FROM keys)
           ON CONFLICT (organization_id, token_id, key_hash) DO UPDATE SET fingerprint = excluded.fingerprint,
             answer = excluded.answer, personal_streams = excluded.personal_streams, created_at = excluded.created_at`,
    values: [...idOf(request), request.fingerprint, answer, personalStreams],
  };
}

/**
 * Deletes the answers that may mention the persons of these streams. It is idempotent.
 * @param database as the worker sees it
 */
export async function emptyAnswers(database: Database, organizationId: string, streams: string[]): Promise<void> {
  await database.write(null, [
    {
      text: `UPDATE idempotency_keys SET answer = NULL, fingerprint = '', personal_streams = '{}'
             WHERE organization_id = $1 AND personal_streams && $2`,
      values: [organizationId, streams],
    },
  ]);
}

/**
 * Deletes some of the expired requests, and returns whether there may be more.
 * @param database as the worker sees it
 */
export async function dropOldKeys(database: Database): Promise<boolean> {
  const [row] = await database.query<{ dropped: number }>(null, {
    text: `WITH dropped AS (
             DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM idempotency_keys WHERE created_at <= now() - ${KEPT}
               ORDER BY created_at LIMIT ${DROPPED_AT_ONCE} FOR UPDATE SKIP LOCKED)) RETURNING 1
           ) SELECT count(*) AS dropped FROM dropped`,
  });
  return row?.dropped === DROPPED_AT_ONCE;
}
