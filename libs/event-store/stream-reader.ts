import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type StoredRow } from './entity-row.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { type DomainEvent, type ReadContext, type RecordedEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { rowStatementsOf } from './read-tables.js';
import { type AnyStreamDefinition, type StreamDefinition, streamName } from './stream-definition.js';
import { StreamStates } from './stream-states.js';

/** Reads streams for decisions on them. */
export class StreamReader {
  readonly #states: StreamStates;

  constructor(
    protected readonly database: Database,
    protected readonly codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
  }

  /**
   * Returns a stream, from the row that holds its state, else from its events. A stream without events is at version 0,
   * in its initial state.
   * @throws {DomainError} when the context's observer refuses the version
   */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: ReadContext,
  ): Promise<Loaded<State>> {
    const [loaded] = await this.loadAll(definition, [id], context);
    return loaded as Loaded<State>;
  }

  /** Returns many streams in the order of the ids. One round trip; another one if rows are missing or stale. */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    ids: string[],
    context: ReadContext,
  ): Promise<Loaded<State>[]> {
    if (ids.length === 0) return [];
    const { organizationId } = context;
    const rows = await this.#loadRows(definition, ids, organizationId);
    const found = this.#loadedOf<State>(definition, rows);
    const existing = new Set(rows.map(({ id }) => String(id)));
    const others = ids.filter((id) => !found.has(id));
    const wanted = others.map((id) => ({ definition, organizationId, stream: streamName(definition, id) }));
    const folded = await this.#states.fold(organizationId, wanted);
    for (const [index, id] of others.entries())
      found.set(id, { ...(folded[index] as Loaded<State>), ...(existing.has(id) && { isStale: true }) });
    for (const [id, loaded] of found) observe(context, definition, id, loaded);
    return ids.map((id) => found.get(id) as Loaded<State>);
  }

  /**
   * Returns a stream, and ids that a decision also needs, as of one instant. One round trip; more if the row is missing
   * or stale. The ids are then the newer ones, so that the version reveals changes in between.
   * @param queries of ids
   */
  async loadWith<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: ReadContext,
    queries: Statement[],
  ): Promise<{ loaded: Loaded<State>; ids: string[][] }> {
    const { organizationId } = context;
    const load = rowStatementsOf(definition)?.load(organizationId, [id]);
    if (!load) throw new Error(`${definition.category} streams have no rows`);
    const rows = await this.database.query<StoredRow>(organizationId, together(load, queries));
    const loaded = this.#loadedOf<State>(definition, rows).get(id);
    if (loaded) {
      observe(context, definition, id, loaded);
      return { loaded, ids: idsOf(rows[0]) };
    }
    const folded = await this.load(definition, id, context);
    const [again] = await this.database.query<object>(organizationId, together(load, queries));
    return { loaded: folded, ids: idsOf(again) };
  }

  async #loadRows(definition: AnyStreamDefinition, ids: string[], organizationId: string): Promise<StoredRow[]> {
    const load = rowStatementsOf(definition)?.load(organizationId, ids);
    if (!load) return [];
    return ids.length === 1
      ? this.database.lookup<StoredRow>(organizationId, load)
      : this.database.query<StoredRow>(organizationId, load);
  }

  /** Returns the rows that are not stale, by id. Those of a newer release have all that this one needs. */
  #loadedOf<State>(definition: AnyStreamDefinition, rows: StoredRow[]): Map<string, Loaded<State>> {
    const current = rows.filter(({ shape }) => shape >= definition.shape);
    return new Map(
      current.map(({ id, version, document, recorded_at: recordedAt, sealed_key }) => [
        String(id),
        { state: document as State, version, recordedAt, sealedKey: sealed_key ?? undefined },
      ]),
    );
  }

  /** Returns a stream's events, oldest first. */
  async read<Event extends DomainEvent>(stream: string, organizationId: string): Promise<RecordedEvent<Event>[]> {
    const rows = await this.database.query<EventRow>(organizationId, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = $1 AND stream = $2 ORDER BY version`,
      values: [organizationId, stream],
    });
    return rows.map((row) => this.codec.decode(row) as RecordedEvent<Event>);
  }
}

/** Returns a statement that selects the row of another, if any, and the ids that queries find, as `ids_0` and so on. */
function together(load: Statement, queries: Statement[]): Statement {
  const values = [...(load.values ?? [])];
  const columns = queries.map((query, index) => {
    const text = query.text.replace(/\$(\d+)/g, (_, place: string) => `$${values.length + Number(place)}`);
    values.push(...(query.values ?? []));
    return `ARRAY(${text})::text[] AS ids_${index}`;
  });
  return {
    text: `SELECT * FROM (SELECT ${columns.join(', ')}) AS ids LEFT JOIN (${load.text}) AS loaded ON true`,
    values,
  };
}

/** Returns what {@link together} has found, query by query. */
function idsOf(row: object | undefined): string[][] {
  return Object.entries(row ?? {})
    .filter(([name]) => name.startsWith('ids_'))
    .map(([, ids]) => ids as string[]);
}

function observe(
  { observer }: ReadContext,
  definition: AnyStreamDefinition,
  id: string,
  loaded: Loaded<unknown>,
): void {
  observer?.loaded(streamName(definition, id), loaded.version, loaded.sealedKey !== undefined);
}
