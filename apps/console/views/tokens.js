import { get, withQuery } from '../api.js';
import { badge, table, time } from '../dom.js';
import { paged, section } from '../section.js';

const TONES = { Active: 'good', Expired: 'warn', Revoked: 'plain' };
const PAGE = 50;

const COLUMNS = [
  ['Name', ({ name }) => name],
  ['State', ({ state }) => badge(state, TONES[state])],
  ['Scopes', ({ scopes }) => scopes.join(', ')],
  ['Last used', ({ lastUsedAt }) => time(lastUsedAt)],
  ['Created', ({ createdAt }) => time(createdAt)],
  ['Expires', ({ expiresAt }) => time(expiresAt)],
];

/** The API tokens of the organization. */
export function tokens({ signal }) {
  const load = () =>
    paged(
      withQuery('/v1/tokens', { pageLimit: PAGE }),
      (to) => get(to, signal),
      (rows) => table('API tokens, oldest first', COLUMNS, rows),
    );
  return { title: 'Tokens', content: [section('API tokens', load, signal)] };
}
