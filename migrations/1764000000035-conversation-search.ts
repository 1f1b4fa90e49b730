import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { searchable, type SearchedText } from '#libs/conversations/search/texts.projection.js';

/**
 * The words of conversations. The previous version does not know the tables and keeps working; a worker fills those of
 * subjects, and the columns.
 */
export class ConversationSearch1764000000035 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(TABLES);
    await fillNotes(db);
    await db.query(INDEXES);
    await db.query(SEARCH);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP FUNCTION conversations_with_words;
      DROP TABLE conversation_texts, conversation_subjects;
      ALTER TABLE conversations DROP COLUMN direction, DROP COLUMN assigned_at;
    `);
  }
}

const TABLES = `
  ALTER TABLE conversations ADD COLUMN direction text, ADD COLUMN assigned_at timestamptz;

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

/**
 * Under row-level security, only leakproof operators may use an index, and @@ is not one. So this function reads as the
 * owner of the tables, and itself leaves out what is not of the current organization.
 */
const SEARCH = `
  CREATE POLICY by_words ON conversation_texts FOR SELECT TO CURRENT_USER USING (true);
  CREATE POLICY by_words ON conversation_subjects FOR SELECT TO CURRENT_USER USING (true);

  CREATE FUNCTION conversations_with_words(query tsquery) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
  SECURITY DEFINER SET search_path = public SET plan_cache_mode = force_custom_plan SET work_mem = '32MB' AS $$
  DECLARE
    own uuid := current_organization();
  BEGIN
    RETURN QUERY
      SELECT t.conversation_id FROM conversation_texts t WHERE t.organization_id = own AND t.words @@ query
      UNION SELECT s.conversation_id FROM conversation_subjects s WHERE s.organization_id = own AND s.words @@ query;
  END $$;
  REVOKE EXECUTE ON FUNCTION conversations_with_words FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION conversations_with_words TO deskstream_app;
`;

const PAGE = 1_000;

/** Fills in the texts of notes, page by page. Messages have no texts before this update. */
async function fillNotes(db: QueryRunner): Promise<void> {
  await db.query(`
    ALTER TABLE conversation_notes NO FORCE ROW LEVEL SECURITY;
    DECLARE texts CURSOR FOR SELECT organization_id, conversation_id::float8 AS "conversationId", id, message AS text
      FROM conversation_notes;
  `);
  for (;;) {
    const rows = (await db.query(`FETCH ${PAGE} FROM texts`)) as (Omit<SearchedText, 'source'> & {
      organization_id: string;
    })[];
    for (const { organization_id, ...row } of rows) {
      for (const { text, values } of searchable(organization_id, { ...row, source: 'note' }))
        await db.query(text, values);
    }
    if (rows.length < PAGE) break;
  }
  await db.query('CLOSE texts; ALTER TABLE conversation_notes FORCE ROW LEVEL SECURITY');
}
