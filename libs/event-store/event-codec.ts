import { type Cipher } from '#libs/platform/cipher.js';
import { type DomainEvent, type EventMetadata, type FeedEvent } from './event.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** A row of the `events` table. */
export interface EventRow {
  organization_id: string;
  stream: string;
  version: number;
  position: number;
  event_id: string;
  type: string;
  schema_version: number;
  data: Record<string, unknown>;
  metadata: EventMetadata;
  recorded_at: Date;
}

/** The part of an event that its row stores, and the secret fields as sealed on the way. */
export interface EncodedEvent {
  schemaVersion: number;
  data: Record<string, unknown>;
  sealed: Record<string, string>;
}

/** Between events as the code sees them and as rows keep them: seals secret fields, lifts old schema versions. */
export class EventCodec {
  readonly #byCategory: Map<string, AnyStreamDefinition>;

  constructor(
    definitions: AnyStreamDefinition[],
    private readonly cipher: Cipher,
  ) {
    this.#byCategory = new Map(definitions.map((definition) => [definition.category, definition]));
  }

  encode(organizationId: string, stream: string, event: DomainEvent): EncodedEvent {
    const data: Record<string, unknown> = { ...event.data };
    const sealed: Record<string, string> = {};
    for (const field of this.#secretsOf(stream, event.type)) {
      if (data[field] === undefined) continue;
      sealed[field] = this.cipher.seal(JSON.stringify(data[field]), secretContext(organizationId, stream, field));
      data[field] = sealed[field];
    }
    return { schemaVersion: this.#upcasters(stream, event.type).length + 1, data, sealed };
  }

  decode(row: EventRow): FeedEvent {
    const chain = this.#upcasters(row.stream, row.type).slice(row.schema_version - 1);
    const data = chain.reduce<object>((older, lift) => lift(older), row.data) as Record<string, unknown>;
    const sealed: Record<string, string> = {};
    const clear = { ...data };
    for (const field of this.#secretsOf(row.stream, row.type)) {
      if (clear[field] === undefined) continue;
      sealed[field] = clear[field] as string;
      clear[field] = JSON.parse(this.cipher.open(sealed[field], secretContext(row.organization_id, row.stream, field)));
    }
    return {
      organizationId: row.organization_id,
      stream: row.stream,
      version: row.version,
      position: row.position,
      eventId: row.event_id,
      type: row.type,
      data: clear,
      sealed,
      metadata: row.metadata,
      recordedAt: row.recorded_at,
    };
  }

  #definition(stream: string): AnyStreamDefinition {
    const definition = this.#byCategory.get(stream.slice(0, stream.indexOf('-')));
    if (!definition) throw new Error(`No definition for stream ${stream}`);
    return definition;
  }

  #upcasters(stream: string, type: string) {
    return this.#definition(stream).upcasters?.[type] ?? [];
  }

  #secretsOf(stream: string, type: string): readonly string[] {
    return this.#definition(stream).secrets?.[type] ?? [];
  }
}

/** What a secret field is sealed for; read rows that keep the sealed value open it with the same. */
export function secretContext(organizationId: string, stream: string, field: string): string {
  return `${organizationId}|${stream}|${field}`;
}
