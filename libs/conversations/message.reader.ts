import { Injectable } from '@nestjs/common';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { type Conversation, type MessageBody } from './conversation.rules.js';
import { type KeptMessage, type Recipient, shownMessage } from './message.shown.js';
import { type Message } from './messages.dto.js';

interface MessageRow {
  id: string;
  conversation_id: number;
  author_id: string;
  direction: Message['attributes']['direction'];
  created_at: Date;
  version: number;
  external_id: string | null;
  body: MessageBody | null;
  sanitized: string | null;
}

const OLDEST_FIRST = new Keyset<MessageRow>(
  [
    { name: 'created_at', type: 'timestamptz', of: (row) => row.created_at.toISOString() },
    { name: 'version', type: 'bigint', of: (row) => row.version },
  ],
  'ASC',
);
/** Number of messages that are read at once: each may have some 100 KB. */
const AT_ONCE = 50;
/** Characters of text after which a page ends. */
const MAX_PAGE_TEXT = 4_000_000;

/** Reads messages of conversations. */
@Injectable()
export class MessageReader {
  constructor(private readonly database: Database) {}

  /** Returns a page of a conversation's messages, oldest first. It may be shorter than requested if they are long. */
  async page(organizationId: string, conversation: Conversation, request: PageRequest): Promise<Page<Message>> {
    const select = {
      text: 'SELECT * FROM conversation_messages WHERE organization_id = $1 AND conversation_id = $2',
      values: [organizationId, conversation.id],
    };
    const { rows, ...links } = await OLDEST_FIRST.readWithin(this.database, organizationId, select, request, {
      atOnce: AT_ONCE,
      room: MAX_PAGE_TEXT,
      sizeOf: ({ body }) => body?.content?.value.length ?? 0,
    });
    const recipients = await this.#recipients(organizationId, rows);
    return { ...links, rows: rows.map((row) => shownMessage(keptMessage(row), conversation, recipients)) };
  }

  /** Yields a conversation's messages, oldest first, a few at a time. */
  async *all(organizationId: string, conversation: Conversation): AsyncGenerator<Message> {
    for (let request: PageRequest | undefined = { limit: AT_ONCE }; request;) {
      const page: Page<Message> = await this.page(organizationId, conversation, request);
      yield* page.rows;
      request = page.next && { limit: AT_ONCE, cursor: page.next };
    }
  }

  async #recipients(organizationId: string, rows: MessageRow[]): Promise<Map<string, Recipient>> {
    const ids = [...new Set(rows.flatMap(({ body }) => [...(body?.cc ?? []), ...(body?.bcc ?? [])]))];
    if (ids.length === 0) return new Map();
    const found = await this.database.query<Recipient>(organizationId, {
      text: 'SELECT id, email, display_name AS name FROM end_users WHERE organization_id = $1 AND id = ANY($2)',
      values: [organizationId, ids],
    });
    return new Map(found.map((recipient) => [recipient.id, recipient]));
  }
}

/** Selects the messages with an external id in a conversation or in one that follows it up. */
export function messageByExternalId(organizationId: string, conversationId: number, externalId: string): Statement {
  return {
    text: `SELECT * FROM conversation_messages m WHERE organization_id = $1 AND external_id = $3
             AND (conversation_id = $2 OR conversation_id IN (
               SELECT id FROM conversations WHERE organization_id = $1 AND parent_id = $2))
           ORDER BY conversation_id LIMIT 1`,
    values: [organizationId, conversationId, externalId],
  };
}

/** Returns a row of {@link messageByExternalId} as a message, and the conversation that has it. */
export function foundMessage(row: object): { message: KeptMessage; conversationId: number } {
  const found = row as MessageRow;
  return { message: keptMessage(found), conversationId: found.conversation_id };
}

function keptMessage({ id, author_id, direction, created_at, external_id, body, sanitized }: MessageRow): KeptMessage {
  return {
    id,
    authorId: author_id,
    direction,
    createdAt: created_at.toISOString(),
    ...(external_id !== null && { externalId: external_id }),
    ...(body && { body }),
    ...(sanitized !== null && { sanitized }),
  };
}
