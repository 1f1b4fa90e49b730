import { identifiableConversationsOf } from '#libs/conversations/conversation.published.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { type Database } from '#libs/database/database.js';
import { mergedInto } from '#libs/end-users/end-user.published.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { type EventCodec } from '#libs/event-store/event-codec.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { emptyAnswers } from '#libs/http/idempotency-keys.js';
import { deliveriesAreUpToDate, redactDeliveries } from '#libs/webhooks/log/redaction.published.js';
import { type AnonymizationRow, anonymizationStream } from './anonymization.stream.js';

/** A request that is not processed yet. */
interface OpenRequest {
  organizationId: string;
  id: string;
}

/** Number of streams whose deliveries are redacted together. */
const STREAMS_AT_ONCE = 100;

/**
 * Removes the data that a request names. Each step is idempotent, so processing may stop at any point and start again.
 * It first destroys the streams' keys, which removes the personal data from all their events. Once no delivery can be
 * made from the earlier data, it redacts the deliveries and the answers that are kept for repeated requests.
 */
export class Anonymizer {
  /** @param worker the database as the worker sees it */
  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly worker: Database,
  ) {}

  /**
   * Takes the steps that are possible now. The request stays open while deliveries of the earlier data may still be
   * made.
   */
  async process({ organizationId, id }: OpenRequest): Promise<void> {
    const [request] = await this.worker.query<AnonymizationRow>(null, {
      text: 'SELECT * FROM anonymization_requests WHERE organization_id = $1 AND id = $2 AND processed_at IS NULL',
      values: [organizationId, id],
    });
    if (!request) return;
    const context = { organizationId, actorId: request.requested_by, correlationId: id };
    const last = await this.#forget(request, context);
    if (!(await deliveriesAreUpToDate(this.worker, organizationId, last))) return;
    for await (const streams of this.#forgottenStreams(request)) {
      await redactDeliveries(this.worker, this.codec, organizationId, streams, eventsOf(request));
      await emptyAnswers(this.worker, organizationId, streams);
    }
    await this.store.handle(anonymizationStream, id, context, { type: 'FinishAnonymization', id });
  }

  /** Destroys the keys, and returns the name of the last stream. That of a message was destroyed with the request. */
  async #forget(request: AnonymizationRow, context: WriteContext): Promise<string> {
    const { entity, target_id } = request;
    if (entity === 'Message') return conversationOf(request);
    if (entity === 'Conversation') return this.#forgetConversation(Number(target_id), context);
    for (;;) {
      const statement = identifiableConversationsOf(context.organizationId, target_id);
      const conversations = await this.worker.query<{ id: number }>(null, statement);
      if (conversations.length === 0) break;
      for (const conversation of conversations) await this.#forgetConversation(conversation.id, context);
    }
    for (const id of [...(await this.#mergedInto(context.organizationId, target_id)), target_id]) {
      await this.store.handle(endUserStream, id, context, { type: 'Anonymize', id });
    }
    return streamName(endUserStream, target_id);
  }

  /** Returns the end users that were merged into this one: their earlier data is in their own streams. */
  async #mergedInto(organizationId: string, id: string): Promise<string[]> {
    const rows = await this.worker.query<{ id: string }>(null, mergedInto(organizationId, id));
    return rows.map((row) => row.id);
  }

  async #forgetConversation(id: number, context: WriteContext): Promise<string> {
    await this.store.handle(conversationStream, String(id), context, { type: 'AnonymizeConversation', id });
    return streamName(conversationStream, String(id));
  }

  async *#forgottenStreams(request: AnonymizationRow): AsyncGenerator<string[]> {
    const { organization_id, entity, target_id } = request;
    if (entity === 'Message') {
      yield [conversationOf(request)];
      return;
    }
    if (entity === 'Conversation') {
      yield [streamName(conversationStream, target_id)];
      return;
    }
    const people = [target_id, ...(await this.#mergedInto(organization_id, target_id))];
    yield people.map((id) => streamName(endUserStream, id));
    for (let after = 0; ;) {
      const rows = await this.worker.query<{ id: number }>(null, {
        text: `SELECT id FROM conversations WHERE organization_id = $1 AND requester_id = $2 AND id > $3
               ORDER BY id LIMIT ${STREAMS_AT_ONCE}`,
        values: [organization_id, target_id, after],
      });
      const last = rows.at(-1);
      if (!last) return;
      yield rows.map(({ id }) => streamName(conversationStream, String(id)));
      after = last.id;
    }
  }
}

function conversationOf({ conversation_id }: AnonymizationRow): string {
  return streamName(conversationStream, String(conversation_id));
}

/** Returns the events that a request is about; undefined for all of its streams. The id of a message is its event's. */
function eventsOf({ entity, target_id }: AnonymizationRow): string[] | undefined {
  return entity === 'Message' ? [target_id] : undefined;
}
