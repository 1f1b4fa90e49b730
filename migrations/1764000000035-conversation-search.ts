import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { inBatches, isThere, unforced } from './in-service.js';
import { searchable, type SearchedText } from '#libs/conversations/search/search-index.projection.js';

/**
 * The words of conversations. The previous version does not know the tables and keeps working; a worker fills those of
 * subjects, and the columns.
 */
export class ConversationSearch1764000000035 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query(COLUMNS);
    if (await isThere(db, 'conversation_texts_words')) return;
    await db.query('DROP TABLE IF EXISTS conversation_texts, conversation_subjects');
    await db.query(TABLES);
    await unforced(db, 'conversation_notes', () => fillNotes(db));
    await db.query(INDEXES + SEARCH);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP FUNCTION conversations_with_words, words_in_parts, words_in_window;
      DROP TABLE conversation_texts, conversation_subjects;
      ALTER TABLE conversations DROP COLUMN direction, DROP COLUMN assigned_at;
    `);
  }
}

const COLUMNS = `
  ALTER TABLE conversations
    ADD COLUMN IF NOT EXISTS direction text,
    ADD COLUMN IF NOT EXISTS assigned_at timestamptz;
`;

const TABLES = `
  CREATE TABLE conversation_texts (
    organization_id uuid NOT NULL,
    conversation_id bigint NOT NULL,
    -- Of the message or note.
    id uuid NOT NULL,
    source text NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (organization_id, conversation_id, id)
  );
  -- Workers make the rows anew when the conversation's row is of another shape.
  CREATE TABLE conversation_subjects (
    organization_id uuid NOT NULL,
    conversation_id bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (organization_id, conversation_id)
  );
`;

/** Without a list of pending entries, which each search would read. */
const INDEXES = `
  CREATE INDEX conversation_texts_words ON conversation_texts USING gin (words) WITH (fastupdate = off);
  CREATE INDEX conversation_subjects_words ON conversation_subjects USING gin (words) WITH (fastupdate = off);
  SELECT protect_projection('conversation_texts');
  SELECT protect_projection('conversation_subjects');
  GRANT INSERT, DELETE ON conversation_subjects TO deskstream_worker;
`;

/** The numbers of bits are those of WINDOW and PART in words.ts. */
const SEARCH = `
  CREATE POLICY by_words ON conversation_texts FOR SELECT TO CURRENT_USER USING (true);
  CREATE POLICY by_words ON conversation_subjects FOR SELECT TO CURRENT_USER USING (true);

  CREATE FUNCTION words_in_window(query text, conversation bigint) RETURNS tsquery LANGUAGE sql IMMUTABLE
    RETURN replace(query, '@', lpad(to_hex(conversation >> 12), 5, '0'))::tsquery;

  -- Returns the query for these parts, which are some of one window, or all of some windows.
  CREATE FUNCTION words_in_parts(query text, mark text, low bigint, high bigint) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE
  AS $$
  BEGIN
    IF high - low < 15 THEN
      RETURN words_in_window(query, low << 8) && (SELECT string_agg(format('''%s#%s''', mark, to_hex(part)), '|')
        FROM generate_series(low, high) AS part)::tsquery;
    END IF;
    RETURN (SELECT string_agg(words_in_window(query, part << 8)::text, '|')
      FROM generate_series(low, high, 16) AS part)::tsquery;
  END $$;

  -- Returns conversations of the current organization that match a query, from an id (exclusive) on, upwards or
  -- downwards: at least as many as are wanted, if there are as many, and all up to the last of them.
  --
  -- Under row-level security, only leakproof operators may use an index, and @@ is not one. So this function reads as the
  -- owner of the tables, and itself leaves out what is not of the current organization.
  --
  -- Each step reads the matches in some parts of one window, in one part at first, then in more and more, up to some whole
  -- windows. A step with too many matches is given up for steps with fewer parts, which get no larger before they are
  -- through these.
  CREATE FUNCTION conversations_with_words(query text, start bigint, upwards boolean, wanted int) RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET work_mem = '32MB' AS $$
  DECLARE
    own CONSTANT uuid := current_organization();
    mark CONSTANT text := right(own::text, 4);
    -- Long words are rare: where there is none, the matches of frequent words need not be read.
    longest_word CONSTANT text := (SELECT word FROM regexp_split_to_table(query, ' (&|<->) ') AS word
      ORDER BY length(word) DESC LIMIT 1);
    bound bigint := start;
    parts int := 1;
    dense int8range := 'empty';
    nearest bigint;
    low bigint;
    high bigint;
    range int8range;
    words_there tsquery;
    matches bigint[];
    step_found int;
    found int := 0;
  BEGIN
    LOOP
      IF upwards THEN
        nearest := least(
          (SELECT min(conversation_id) FROM conversation_texts WHERE organization_id = own AND conversation_id > bound),
          (SELECT min(conversation_id) FROM conversation_subjects WHERE organization_id = own AND conversation_id > bound));
        low := nearest >> 8;
        high := least(low + parts - 1, low | 15);
        IF high - low = 15 THEN high := greatest(high, low + parts - 1); END IF;
        range := int8range(bound, (high + 1) << 8, '()');
      ELSE
        nearest := greatest(
          (SELECT max(conversation_id) FROM conversation_texts WHERE organization_id = own AND conversation_id < bound),
          (SELECT max(conversation_id) FROM conversation_subjects WHERE organization_id = own AND conversation_id < bound));
        high := nearest >> 8;
        low := greatest(high - parts + 1, high & ~15::bigint);
        IF high - low = 15 THEN low := least(low, high - parts + 1); END IF;
        range := int8range(low << 8, bound, '[)');
      END IF;
      EXIT WHEN nearest IS NULL;
      matches := NULL;
      words_there := words_in_parts(longest_word, mark, low, high);
      IF longest_word = query OR EXISTS (SELECT FROM conversation_texts t WHERE t.words @@ words_there)
          OR EXISTS (SELECT FROM conversation_subjects s WHERE s.words @@ words_there) THEN
        words_there := words_in_parts(query, mark, low, high);
        -- Materialized: else the primary key would be read instead of the index on words.
        WITH texts AS MATERIALIZED (SELECT t.organization_id, t.conversation_id FROM conversation_texts t WHERE t.words @@ words_there),
          subjects AS MATERIALIZED (SELECT s.organization_id, s.conversation_id FROM conversation_subjects s WHERE s.words @@ words_there)
        SELECT array_agg(conversation_id) INTO matches FROM (
          SELECT conversation_id FROM (TABLE texts UNION ALL TABLE subjects) AS matching
          WHERE organization_id = own AND range @> conversation_id
          LIMIT CASE WHEN high > low THEN 4 * wanted + 1 END
        ) AS limited;
      END IF;
      IF high > low AND cardinality(matches) > 4 * wanted THEN
        parts := greatest(1, (high - low + 1) / 4);
        dense := range;
        CONTINUE;
      END IF;
      RETURN QUERY SELECT DISTINCT unnest(matches);
      GET DIAGNOSTICS step_found = ROW_COUNT;
      found := found + step_found;
      EXIT WHEN found >= wanted;
      bound := CASE WHEN upwards THEN upper(range) - 1 ELSE lower(range) END;
      IF NOT dense @> (CASE WHEN upwards THEN bound + 1 ELSE bound - 1 END) THEN
        parts := least(parts * 4, 64);
      END IF;
    END LOOP;
  END $$;
  REVOKE EXECUTE ON FUNCTION conversations_with_words FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION conversations_with_words TO deskstream_app;
`;

const PAGE = 1_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Fills in the texts of notes. Messages have no texts before this update. */
async function fillNotes(db: QueryRunner): Promise<void> {
  let last = { organization_id: FIRST, conversationId: 0, id: FIRST };
  await inBatches(db, 'Words of notes', async () => {
    const rows = (await db.query(
      `SELECT organization_id, conversation_id::float8 AS "conversationId", id, message AS text FROM conversation_notes
       WHERE (organization_id, conversation_id, id) > ($1, $2, $3) ORDER BY organization_id, conversation_id, id
       LIMIT ${PAGE}`,
      [last.organization_id, last.conversationId, last.id],
    )) as (Omit<SearchedText, 'source'> & { organization_id: string })[];
    for (const { organization_id, ...row } of rows) {
      for (const { text, values } of searchable(organization_id, { ...row, source: 'note' }))
        await db.query(text, values);
    }
    last = { ...last, ...rows.at(-1) };
    return rows.length;
  });
}
