import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { textOfHtml } from '../sanitized-html.js';
import { excerptOf } from './excerpt.js';
import { type ConversationSearchHit } from './search.dto.js';
import { SUBJECTS, TEXTS } from './search-index.projection.js';
import { tsqueryOf, type WordQuery } from './words.js';

interface TextRow {
  conversation_id: number;
  id: string | null;
  /** The content of the message, if it is not HTML. */
  message: string | null;
  /** The sanitized HTML of the content. */
  html: string | null;
  note: string | null;
  subject: string | null;
  /** The requester's name and addresses, if the words were found there. */
  requester: string[] | null;
}

/** Number of messages and notes of a conversation that excerpts are made of, and number of their first characters. */
const MAX_TEXTS = 3;
const MAX_LENGTH = 20_000;

const SELECT = `
  SELECT c.id AS conversation_id, t.id, left(m.sanitized, ${MAX_LENGTH}) AS html, left(n.message, ${MAX_LENGTH}) AS note,
    CASE WHEN m.sanitized IS NULL THEN left(m.body->'content'->>'value', ${MAX_LENGTH}) END AS message,
    CASE WHEN s.words @@ words_in_window($3, c.id) THEN c.document->'details'->>'subject' END AS subject,
    (SELECT ARRAY[u.display_name, u.email, u.phone_number] FROM end_users u
     WHERE u.organization_id = $1 AND u.id = c.requester_id AND u.id = ANY($4)) AS requester
  FROM conversations c
    LEFT JOIN ${SUBJECTS} s ON s.organization_id = $1 AND s.conversation_id = c.id
    LEFT JOIN LATERAL (SELECT id FROM ${TEXTS} AS t
      WHERE t.organization_id = $1 AND t.conversation_id = c.id AND t.words @@ words_in_window($3, c.id)
      ORDER BY id DESC LIMIT ${MAX_TEXTS}) t ON true
    LEFT JOIN conversation_messages m ON m.organization_id = $1 AND m.id = t.id
    LEFT JOIN conversation_notes n ON n.organization_id = $1 AND n.conversation_id = c.id AND n.id = t.id
  WHERE c.organization_id = $1 AND c.id = ANY($2::bigint[]) ORDER BY c.id DESC, t.id DESC`;

/** Makes excerpts of the texts in which words were found. */
@Injectable()
export class HighlightsReader {
  constructor(private readonly database: Database) {}

  /** Returns conversations that match as hits. @param requesterIds the end users that match */
  async hits(
    organizationId: string,
    ids: number[],
    query: WordQuery,
    requesterIds: string[],
  ): Promise<ConversationSearchHit[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.query<TextRow>(organizationId, {
      text: SELECT,
      values: [organizationId, ids, tsqueryOf(organizationId, query), requesterIds],
    });
    const byConversation = Map.groupBy(rows, ({ conversation_id }) => conversation_id);
    return ids.map((id) => hitOf(id, byConversation.get(id) as TextRow[], query));
  }
}

function hitOf(id: number, rows: TextRow[], query: WordQuery): ConversationSearchHit {
  const { subject, requester } = rows[0] as TextRow;
  const found = rows.flatMap((row) => innerHitOf(row, query) ?? []);
  const highlights = {
    messages: found.flatMap(({ highlight }) => highlight.message ?? []),
    notes: found.flatMap(({ highlight }) => highlight.note ?? []),
    subject: [subject].flatMap((text) => (text && excerptOf(text, query)) || []),
    requester: (requester ?? []).flatMap((text) => (text && excerptOf(text, query)) || []),
  };
  return {
    id,
    highlights: Object.fromEntries(Object.entries(highlights).filter(([, texts]) => texts.length > 0)),
    ...(found.length > 0 && { innerHits: found }),
  };
}

function innerHitOf({ id, html, message, note }: TextRow, query: WordQuery) {
  if (id === null) return undefined;
  const text = note ?? (html === null ? message : textOfHtml(html));
  const excerpt = excerptOf(text ?? '', query);
  return excerpt === undefined ? undefined : { id, highlight: { [note === null ? 'message' : 'note']: excerpt } };
}
