import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { agentsExist, missingAgents } from '#libs/agents/agent.published.js';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { type Note } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';
import { type InternalNoteData } from './notes.dto.js';

/** A note to add. The author is the agent on whose behalf the token acts, unless one is named. */
export interface NewNote {
  message: string;
  authorId?: string;
  createdAt?: string;
}

/** Adds notes in one commit. Returns each note, or an error where the named author does not exist. */
export class AddNotes extends command<
  { context: WriteContext; id: number; notes: NewNote[] },
  (InternalNoteData | DomainError)[]
>() {}

/** A conversation's notes, in the order in which they were written. */
export class ListNotes extends query<{ organizationId: string; id: number }, InternalNoteData[]>() {}

@CommandHandler(AddNotes)
export class AddNotesHandler implements ICommandHandler<AddNotes> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, notes }: AddNotes): Promise<(InternalNoteData | DomainError)[]> {
    const { organizationId, actorId } = context;
    const named = [...new Set(notes.flatMap(({ authorId }) => authorId ?? []))];
    return this.store.retrying(async () => {
      const [loaded, missing] = await Promise.all([
        this.store.load(conversationStream, String(id), context),
        this.#missing(organizationId, named),
      ]);
      const now = new Date().toISOString();
      const added = notes.map(({ authorId = actorId, createdAt = now, message }): Note | DomainError =>
        missing.has(authorId) ? notFound('Agent', authorId) : { id: randomUUIDv7(), authorId, createdAt, message },
      );
      const valid = added.filter((note): note is Note => !(note instanceof DomainError));
      const authors = named.filter((authorId) => !missing.has(authorId));
      const guards = authors.length > 0 ? [agentsExist(organizationId, authors)] : [];
      const change = { type: 'AddNotes', id, notes: valid } as const;
      await this.store.decide(conversationStream, String(id), context, loaded, change, guards);
      return added.map((note) => (note instanceof DomainError ? note : { ...note, csid: id }));
    });
  }

  /** Returns the authors that do not exist. */
  async #missing(organizationId: string, authorIds: string[]): Promise<Set<string>> {
    if (authorIds.length === 0) return new Set();
    const rows = await this.database.query<{ id: string }>(organizationId, missingAgents(organizationId, authorIds));
    return new Set(rows.map(({ id }) => id));
  }
}

@QueryHandler(ListNotes)
export class ListNotesHandler implements IQueryHandler<ListNotes> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: ListNotes): Promise<InternalNoteData[]> {
    const rows = await this.database.query<{ id: string | null; authorId: string; createdAt: Date; message: string }>(
      organizationId,
      {
        text: `SELECT n.id, n.author_id AS "authorId", n.created_at AS "createdAt", n.message
               FROM conversations c LEFT JOIN conversation_notes n
                 ON n.organization_id = c.organization_id AND n.conversation_id = c.id
               WHERE c.organization_id = $1 AND c.id = $2 ORDER BY n.created_at, n.version`,
        values: [organizationId, id],
      },
    );
    if (rows.length === 0) throw notFound('Conversation', String(id));
    return rows.flatMap(({ id: noteId, authorId, createdAt, message }) =>
      noteId === null ? [] : [{ id: noteId, authorId, createdAt: createdAt.toISOString(), csid: id, message }],
    );
  }
}
