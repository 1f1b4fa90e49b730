import pg from 'pg';
import { endUserStream } from '../dist/libs/end-users/end-user.stream.js';

export const TIER = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';
export const NOTE = '01980f6a-5c1d-7a10-9b2c-3d4e5f607183';

/** Inserts the rows of end users as events would leave them. Names, values and times of change are independent. */
export async function fillEndUsers(ownerUrl, count) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`CREATE TEMP TABLE made AS ${made(count)}`);
    await client.query(END_USERS, [endUserStream.shape]);
    await client.query(ADDRESSES);
    await client.query(ATTRIBUTES);
    await client.query('VACUUM ANALYZE end_users, end_user_addresses, end_user_attributes');
    // Otherwise it would be written while lists are measured.
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

const iso = (instant) => `to_char(${instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const made = (count) => `
  SELECT organization_id, at, updated_at, tier, 'note ' || n AS note,
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8' || substr(hash, 1, 15))::uuid AS id,
    CASE WHEN random() < 0.5 THEN 'A' ELSE chr(98 + (random() * 24)::int) END
      || translate(substr(hash, 1, 7), '0123456789', 'ghijklmnop') || ' ' || n AS name,
    'end.user.' || n || '@customers.example' AS email, 'crm-' || n AS external_id
  FROM organizations, generate_series(1, ${count}) AS n,
    LATERAL (SELECT md5(n::text) AS hash, random() AS chance,
      date_trunc('milliseconds', now() - (${count} - n) * interval '1 minute') AS at,
      date_trunc('milliseconds', now() - random() * interval '365 days') AS updated_at) AS drawn,
    LATERAL (SELECT CASE WHEN chance < 0.5 THEN 'gold' WHEN chance < 0.55 THEN 'silver' WHEN chance < 0.551 THEN 'rare'
      ELSE 'basic' END AS tier) AS tiers`;

const STATE = `json_build_object('id', id, 'additionalEmails', '[]'::json, 'additionalExternalIds', '[]'::json,
  'additionalPhoneNumbers', '[]'::json, 'createdAt', ${iso('at')}, 'displayName', name, 'email', email,
  'externalId', external_id, 'middleNames', '[]'::json`;

const END_USERS = `
  INSERT INTO end_users (organization_id, id, version, shape, recorded_at, document, shown, created_at, updated_at,
      search_name, display_name, email)
    SELECT organization_id, id, 1, $1, updated_at,
      ${STATE}, 'customAttributes',
        json_build_object('${TIER}', json_build_array('business', tier), '${NOTE}', note)),
      ${STATE}, 'updatedAt', ${iso('updated_at')})::text,
      at, updated_at, lower(name), name, email
    FROM made`;

const ADDRESSES = `
  INSERT INTO end_user_addresses (organization_id, end_user_id, field, kind, value)
    SELECT organization_id, id, 'email', 'email', email FROM made
    UNION ALL SELECT organization_id, id, 'externalId', 'externalId', external_id FROM made`;

const ATTRIBUTES = `
  INSERT INTO end_user_attributes (organization_id, end_user_id, attribute_id, value)
    SELECT organization_id, id, '${TIER}'::uuid, unnest(ARRAY['business', tier]) FROM made
    UNION ALL SELECT organization_id, id, '${NOTE}'::uuid, note FROM made`;
