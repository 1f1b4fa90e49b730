import { LRUCache } from 'lru-cache';
import { Cipher, randomBytesOf } from '#libs/platform/cipher.js';
import { masked } from '#libs/platform/masked.js';
import { type EventMetadata, type FeedEvent, type RecordedEvent } from './event.js';
import { newerEvent } from './newer-event.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** A row of the `events` table, with its stream's key: see {@link KEYED_EVENTS}. */
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
  /** The stream's key; absent without personal data, and once it has been destroyed. */
  sealed_key?: string | null;
  /** The event's own key, if its type has one; absent once it has been destroyed, and where only states are read. */
  event_key?: string | null;
}

/** Joins the keys of events and of their streams to `events`. */
export const WITH_KEYS = `LEFT JOIN stream_keys USING (organization_id, stream)
  LEFT JOIN event_keys USING (organization_id, stream, event_id)`;

/** The tables that events are read from: their rows with their keys. */
export const KEYED_EVENTS = `events ${WITH_KEYS}`;

/** An event as it is shown to readers of events. */
export interface DisclosedEvent extends FeedEvent {
  /** Whether personal fields were left out, because the reader may not see them or the key is destroyed. */
  redacted: boolean;
}

/** The key of the stream of an event `e`, for statements that read a few rows out of a larger order and need states. */
export const SEALED_KEY = `(SELECT sealed_key FROM stream_keys k
  WHERE k.organization_id = e.organization_id AND k.stream = e.stream)`;

/** The keys of an event `e`, for statements that read a few rows out of a larger order. */
export const EVENT_KEYS = `${SEALED_KEY} AS sealed_key, (SELECT event_key FROM event_keys k
  WHERE k.organization_id = e.organization_id AND k.stream = e.stream AND k.event_id = e.event_id) AS event_key`;

/** The part of an event that its row stores, and its sealed secret fields. */
export interface EncodedEvent {
  /** The event's own key, to be stored with it. */
  eventKey?: string;
  schemaVersion: number;
  data: Record<string, unknown>;
  sealed: Record<string, string>;
}

/** The event to encode, with the fields that bind its seals. */
type Encodable = Pick<RecordedEvent, 'organizationId' | 'stream' | 'eventId' | 'type' | 'data'>;

/** The key of a stream's state at a version. */
interface StateKey {
  organizationId: string;
  stream: string;
  version: number;
}

/** The field of an event's data that keeps its sealed personal fields. */
const PERSONAL = '$personal';
const KEY_BYTES = 32;
/** Maximum number of stream keys that are kept open, by last use. */
const OPENED_KEYS = 10_000;

/**
 * Converts events between code and rows: seals secret and personal fields, and upcasts older schema versions. While two
 * releases run, an event may be of a type, or of a schema version, that only the newer one knows: readers get it
 * opaque, and work that depends on its data is refused.
 */
export class EventCodec {
  readonly #byCategory: Map<string, AnyStreamDefinition>;
  readonly #openedKeys = new LRUCache<string, Cipher>({ max: OPENED_KEYS });

  constructor(
    definitions: readonly AnyStreamDefinition[],
    private readonly cipher: Cipher,
  ) {
    this.#byCategory = new Map(definitions.map((definition) => [definition.category, definition]));
  }

  /** Returns a new key for a stream's personal data, sealed under the master key. */
  createKey(organizationId: string, stream: string): string {
    const key = randomBytesOf(KEY_BYTES);
    const sealedKey = this.cipher.seal(key.toString('base64'), keyContext(organizationId, stream));
    this.#openedKeys.set(sealedKey, new Cipher(key));
    return sealedKey;
  }

  /** @param sealedKey the stream's key, which events with personal fields require */
  encode(event: Encodable, sealedKey?: string): EncodedEvent {
    const { organizationId, stream, type } = event;
    const data: Record<string, unknown> = { ...event.data };
    const sealed: Record<string, string> = {};
    for (const field of this.#definition(stream).secrets?.[type] ?? []) {
      if (data[field] === undefined) continue;
      sealed[field] = this.cipher.seal(JSON.stringify(data[field]), secretContext(organizationId, stream, field));
      data[field] = sealed[field];
    }
    const eventKey = this.#hasOwnKey(event) ? this.createKey(organizationId, keyName(event)) : undefined;
    this.#sealPersonal(event, data, eventKey ?? sealedKey);
    return { schemaVersion: this.#upcasters(stream, type).length + 1, data, sealed, eventKey };
  }

  /** @throws {DomainError} `unavailable` for an event that only a newer release knows */
  decode(row: EventRow): FeedEvent {
    if (!this.#knows(row)) throw newerEvent(row);
    const chain = this.#upcasters(row.stream, row.type).slice(row.schema_version - 1);
    const stored = this.#openPersonal(row);
    const data = chain.reduce<object>((older, lift) => lift(older), stored) as Record<string, unknown>;
    const sealed: Record<string, string> = {};
    const clear = { ...data };
    for (const field of this.#definition(row.stream).secrets?.[row.type] ?? []) {
      if (clear[field] === undefined) continue;
      sealed[field] = clear[field] as string;
      clear[field] = JSON.parse(this.cipher.open(sealed[field], secretContext(row.organization_id, row.stream, field)));
    }
    return Object.assign(opaque(row), { data: clear, sealed, opaque: false });
  }

  /** Returns an event, opaque if only a newer release knows it. */
  decodeIfKnown(row: EventRow): FeedEvent {
    return this.#knows(row) ? this.decode(row) : opaque(row);
  }

  /**
   * Returns an event with its secrets masked, and without its personal fields unless the reader may see them; opaque if
   * only a newer release knows it, because these fields are then unknown.
   */
  disclose(row: EventRow, mayReadPersonal: boolean): DisclosedEvent {
    if (!this.#knows(row)) return { ...opaque(row), redacted: false };
    const readable = mayReadPersonal ? row : { ...row, sealed_key: null, event_key: null };
    const event = this.decode(readable);
    const data = event.data as Record<string, unknown>;
    const secret = [...Object.keys(event.sealed), ...(this.#definition(row.stream).hidden ?? [])];
    for (const field of secret) if (data[field] !== undefined) data[field] = masked(data[field]);
    const withheld = mayReadPersonal ? [] : this.#identifyingFields(row, data);
    for (const field of withheld) Reflect.deleteProperty(data, field);
    return { ...event, redacted: withheld.length > 0 || (row.data[PERSONAL] !== undefined && !this.#keyOf(readable)) };
  }

  #identifyingFields({ stream, type }: EventRow, data: Record<string, unknown>): string[] {
    const fields = this.#definition(stream).identifying?.[type] ?? [];
    return fields.filter((field) => data[field] !== undefined);
  }

  /**
   * Returns a state as snapshots keep it: sealed under the stream's own key if it has personal data, else under the
   * master key if it has secrets.
   */
  sealState(key: StateKey, state: unknown, sealedKey: string | undefined): string {
    const text = JSON.stringify(state);
    return this.#cipherOfState(key, sealedKey)?.seal(text, stateContext(key)) ?? text;
  }

  /** @throws {Error} when {@link sealState} did not seal it for the same stream and version */
  openState(key: StateKey, stored: string, sealedKey: string | undefined): unknown {
    return JSON.parse(this.#cipherOfState(key, sealedKey)?.open(stored, stateContext(key)) ?? stored);
  }

  /** The definitions of all kinds of stream. */
  get definitions(): AnyStreamDefinition[] {
    return [...this.#byCategory.values()];
  }

  /** The categories of all streams. */
  get categories(): string[] {
    return [...this.#byCategory.keys()];
  }

  /** The types of all events. */
  get types(): string[] {
    return [...new Set([...this.#byCategory.values()].flatMap(({ types }) => Object.keys(types)))];
  }

  /** Seals all personal fields of an event as one. */
  #sealPersonal(event: Encodable, data: Record<string, unknown>, sealedKey: string | undefined): void {
    const fields = this.#definition(event.stream).personal?.[event.type] ?? [];
    const present = fields.filter((field) => data[field] !== undefined);
    if (present.length === 0) return;
    if (!sealedKey) throw new Error(`${event.stream} has no key any more for the personal data of ${event.type}`);
    const personal = JSON.stringify(Object.fromEntries(present.map((field) => [field, data[field]])));
    for (const field of present) Reflect.deleteProperty(data, field);
    data[PERSONAL] = this.#openOf(event, sealedKey).seal(personal, personalContext(event));
  }

  /** Opens the personal fields, or omits them if the stream's key has been destroyed. */
  #openPersonal(row: EventRow): Record<string, unknown> {
    const { [PERSONAL]: personal, ...others } = row.data;
    const sealedKey = this.#keyOf(row);
    if (personal === undefined || !sealedKey) return others;
    const event = { organizationId: row.organization_id, stream: row.stream, eventId: row.event_id, type: row.type };
    const opened = this.#openOf(event, sealedKey).open(personal as string, personalContext(event));
    return { ...others, ...(JSON.parse(opened) as object) };
  }

  #knows({ stream, type, schema_version: schemaVersion }: EventRow): boolean {
    const definition = this.#byCategory.get(categoryOf(stream));
    return (
      definition !== undefined &&
      Object.hasOwn(definition.types, type) &&
      schemaVersion <= this.#upcasters(stream, type).length + 1
    );
  }

  #hasOwnKey({ stream, type }: Pick<EventRow, 'stream' | 'type'>): boolean {
    return this.#definition(stream).ownKeys?.[type] !== undefined;
  }

  /** Returns the key that seals the event's personal fields, unless it has been destroyed. */
  #keyOf(row: EventRow): string | null | undefined {
    return this.#hasOwnKey(row) ? row.event_key : row.sealed_key;
  }

  #openOf(event: Omit<Encodable, 'data'>, sealedKey: string): Cipher {
    return this.#open(this.#hasOwnKey(event) ? { ...event, stream: keyName(event) } : event, sealedKey);
  }

  #cipherOfState({ organizationId, stream }: StateKey, sealedKey: string | undefined): Cipher | undefined {
    const { personal, secrets } = this.#definition(stream);
    if (!personal) return secrets && this.cipher;
    if (sealedKey === undefined) throw new Error(`${stream} has no key any more for its personal data`);
    return this.#open({ organizationId, stream }, sealedKey);
  }

  #open({ organizationId, stream }: Pick<Encodable, 'organizationId' | 'stream'>, sealedKey: string): Cipher {
    const known = this.#openedKeys.get(sealedKey);
    if (known) return known;
    const key = this.cipher.open(sealedKey, keyContext(organizationId, stream));
    const opened = new Cipher(Buffer.from(key, 'base64'));
    this.#openedKeys.set(sealedKey, opened);
    return opened;
  }

  #definition(stream: string): AnyStreamDefinition {
    const definition = this.#byCategory.get(categoryOf(stream));
    if (!definition) throw new Error(`No definition for stream ${stream}`);
    return definition;
  }

  #upcasters(stream: string, type: string) {
    return this.#definition(stream).upcasters?.[type] ?? [];
  }
}

/** Returns the parts that are known of any event: all except its data. */
function opaque(row: EventRow): FeedEvent {
  return {
    organizationId: row.organization_id,
    stream: row.stream,
    version: row.version,
    position: row.position,
    eventId: row.event_id,
    type: row.type,
    data: {},
    sealed: {},
    metadata: row.metadata,
    recordedAt: row.recorded_at,
    opaque: true,
  };
}

function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf('-'));
}

/** Returns the context that seals a secret field. Readers of rows with the sealed value open it with this. */
export function secretContext(organizationId: string, stream: string, field: string): string {
  return `${organizationId}|${stream}|${field}`;
}

/** Returns the name of an event's own key. */
function keyName({ stream, eventId }: Pick<Encodable, 'stream' | 'eventId'>): string {
  return `${stream}/${eventId}`;
}

function keyContext(organizationId: string, stream: string): string {
  return `${organizationId}|${stream}|key`;
}

function personalContext({ organizationId, stream, eventId }: Omit<Encodable, 'type' | 'data'>): string {
  return `${organizationId}|${stream}|${eventId}|personal`;
}

function stateContext({ organizationId, stream, version }: StateKey): string {
  return `${organizationId}|${stream}|${version}|state`;
}
