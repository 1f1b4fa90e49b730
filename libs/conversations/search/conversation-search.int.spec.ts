import { type Cursor } from '#libs/database/keyset.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { ConversationSearch } from './conversation-search.js';
import { type SearchFilters } from './search-conditions.js';
import { tsqueryOf, tsvectorOf, wordQuery } from './words.js';

const ORGANIZATION = '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4';
/** Its words have the same beginnings in the index. */
const OTHER = '01980f5b-60f0-7a91-95d3-00000000e3f4';
const REQUESTER = '01980f70-1a2b-7c3d-8e4f-506172839405';
const SMS: SearchFilters = {
  strategy: 'All',
  conditions: [{ field: { _type: 'Channel', operator: { _type: 'IsOneOf', values: ['sms'] } } }],
};

interface Text {
  conversationId: number;
  text: string;
  isSubject?: boolean;
}

/** Stretches of conversations, some without any text that others have, so that searches have to give steps up. */
function* texts(): Generator<Text> {
  for (let id = 7; id < 400_000; id += 4_001)
    yield { conversationId: id, text: `sparse ${id % 5 === 0 ? 'fifth' : ''}` };
  for (let id = 16_000; id < 18_000; id++)
    yield { conversationId: id, text: id < 17_500 ? 'olden days' : 'newer days' };
  for (let copy = 0; copy < 1_500; copy++) yield { conversationId: 40_000, text: 'olden talk days' };
  yield { conversationId: 399_999, text: 'days olden' };
  yield { conversationId: 8_008, text: 'olden subject', isSubject: true };
}

let world: TestStore;
let search: ConversationSearch;
const all = [...texts()];

beforeAll(async () => {
  world = await createTestStore();
  search = new ConversationSearch(world.database);
  for (const organizationId of [ORGANIZATION, OTHER]) {
    await world.test.sql(
      `INSERT INTO conversations (organization_id, id, version, shape, recorded_at, document, shown, requester_id, channel,
         direction, state, created_at)
       SELECT $1, id, 1, 1, now(), '{}', '{}', CASE WHEN id % 999 = 0 THEN $3::uuid ELSE gen_random_uuid() END,
         CASE WHEN id % 10 = 0 THEN 'Sms' ELSE 'Email' END, 'Inbound', 'Open', now() FROM unnest($2::bigint[]) AS id`,
      [organizationId, [...new Set(all.map(({ conversationId }) => conversationId))], REQUESTER],
    );
    const vectorOf = ({ conversationId, text }: Text) =>
      tsvectorOf(organizationId, conversationId, organizationId === OTHER ? `${text} others` : text);
    const [subjects, messages] = [all.filter(({ isSubject }) => isSubject), all.filter(({ isSubject }) => !isSubject)];
    await world.test.sql(
      `INSERT INTO conversation_texts (organization_id, conversation_id, id, source, words)
       SELECT $1, id, gen_random_uuid(), 'message', words::tsvector FROM unnest($2::bigint[], $3::text[]) AS t(id, words)`,
      [organizationId, messages.map(({ conversationId }) => conversationId), messages.map(vectorOf)],
    );
    await world.test.sql(
      `INSERT INTO conversation_subjects (organization_id, conversation_id, words)
       SELECT $1, id, words::tsvector FROM unnest($2::bigint[], $3::text[]) AS t(id, words)`,
      [organizationId, subjects.map(({ conversationId }) => conversationId), subjects.map(vectorOf)],
    );
  }
});
afterAll(() => world.close());

interface Wanted {
  query: string;
  exact?: boolean;
  filters?: SearchFilters;
  requesterIds?: string[];
}

/** Returns what a client finds that follows links, newest first, and the sizes of the pages. */
async function found({ query, exact = false, ...wanted }: Wanted, backward: boolean, limit = 25) {
  const words = tsqueryOf(ORGANIZATION, wordQuery(query, exact));
  const sizes: number[] = [];
  const ids: number[] = [];
  let cursor: Cursor | undefined = backward ? { values: [0], backward } : undefined;
  do {
    const page = await search.page(
      { organizationId: ORGANIZATION, words, requesterIds: [], ...wanted },
      { limit, cursor },
    );
    sizes.push(page.rows.length);
    const onPage = page.rows.map(({ id }) => id);
    if (backward) ids.unshift(...onPage);
    else ids.push(...onPage);
    cursor = backward ? page.previous : page.next;
  } while (cursor);
  return { ids, sizes };
}

/** Returns what matches by reading all texts. */
function expected({ query, exact, filters, requesterIds }: Wanted): number[] {
  const words = query.split(' ');
  const matching = all.filter(({ conversationId, text }) => {
    const has = exact
      ? ` ${text} `.includes(` ${query} `)
      : words.every((word) => text.split(' ').some((one) => one.startsWith(word)));
    return has || (requesterIds && conversationId % 999 === 0);
  });
  const ids = new Set(matching.map(({ conversationId }) => conversationId));
  return [...ids].filter((id) => !filters || id % 10 === 0).sort((one, other) => other - one);
}

describe.each([
  ['older to newer', true],
  ['newer to older', false],
])('A search from %s', (_, backward) => {
  it.each<Wanted>([
    { query: 'olden' },
    { query: 'olden days' },
    { query: 'olden days', exact: true },
    { query: 'days olden', exact: true },
    { query: 'talk' },
    { query: 'newer' },
    { query: 'sparse' },
    { query: 'fifth sp' },
    { query: 'd' },
    { query: 'subject' },
    { query: 'absent' },
    { query: 'others' },
    { query: 'olden', filters: SMS },
    { query: 'sparse', filters: SMS },
    { query: 'fifth', requesterIds: [REQUESTER] },
    { query: 'olden', requesterIds: [REQUESTER], filters: SMS },
  ])('finds all conversations once: %j', async (wanted) => {
    const { ids, sizes } = await found(wanted, backward);
    expect(ids).toEqual(expected(wanted));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(25);
    if (!wanted.filters) expect(sizes.slice(0, -1).every((size) => size === 25)).toBe(true);
  });
});
