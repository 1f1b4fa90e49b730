import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ApiClient } from '../support/api-client.js';
import { type Seen, type Told } from '../support/checker.js';
import { type SupportTeam } from '../support/support-team.js';
import { type Kind, KINDS } from './kinds.js';
import { pick } from './random.js';

/** The actions of all clients, and the answers to them. */
export class Journal {
  readonly told: Told[] = [];
  readonly seen: Seen[] = [];
  requests = 0;
  /** Number of requests that were sent again, because there was no answer or only a provisional one. */
  repeated = 0;
  /** Number of answers that were replayed. */
  replayed = 0;
  /** Answers that no client should ever get. */
  readonly errors: string[] = [];
}

/** The part of an organization that its clients need. */
export interface Workspace {
  token: string;
  team: SupportTeam;
  /** Ids of the entities that its clients may change, by kind. */
  ids: Map<Kind, string[]>;
}

export function newWorkspace(token: string, team: SupportTeam): Workspace {
  return { token, team, ids: new Map(KINDS.map((kind) => [kind, []])) };
}

interface Write {
  method: string;
  path: string;
  body?: object;
  event: string;
  stream?: string;
  etag?: string;
}

const FEW = 12;
const PAUSE_MS = 100;
const MOST_PATIENCE_MS = 50;

/** Writes and reads by any of the APIs, and repeats each request until it is answered. */
export class Client {
  #writes = 0;
  readonly #apis: ApiClient[];

  constructor(
    private readonly name: string,
    urls: string[],
    private readonly workspace: Workspace,
    private readonly journal: Journal,
    private readonly random: () => number,
  ) {
    this.#apis = urls.map((url) => new ApiClient(url, workspace.token));
  }

  /** Works until it is time to end and the last request is answered. */
  async work(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#act(pick(this.random, KINDS));
      await pause(this.random() * PAUSE_MS);
    }
  }

  async #act(kind: Kind): Promise<void> {
    const ids = this.workspace.ids.get(kind) as string[];
    const more = ids.length === 0 || (ids.length < FEW && this.random() < 0.5);
    await (more ? this.#create(kind, ids) : this.#change(kind, ids, pick(this.random, ids)));
  }

  async #create(kind: Kind, ids: string[]): Promise<void> {
    const mark = this.#nextMark();
    const body = kind.create(mark, this.workspace.team);
    const answer = await this.#write(mark, { method: 'POST', path: kind.path, body, event: kind.created }, kind);
    if (answer.status < 300) ids.push(String(answer.body.data.id));
  }

  /** Changes an entity on the condition that it has not changed since it was read. */
  async #change(kind: Kind, ids: string[], id: string): Promise<void> {
    const [mark, path, stream] = [this.#nextMark(), `${kind.path}/${id}`, `${kind.category}-${id}`];
    const read = await this.#read(path);
    if (!read) return;
    const etag = read.headers.get('etag') ?? undefined;
    if (etag) this.journal.seen.push({ stream, version: versionOf(etag) });
    const agents = kind.agents && (await this.#read(path + kind.agents));
    if (kind.agents && !agents) return;
    const entity = { ...read.body.data, ...(agents && { agentIds: agents.body.data.map((agent: any) => agent.id) }) };
    if (kind.removed && this.random() < 0.2) {
      const answer = await this.#write(mark, { method: 'DELETE', path, event: kind.removed, stream, etag }, kind);
      if (answer.status < 300) ids.splice(ids.indexOf(id), 1);
      return;
    }
    const { method, suffix, body, event } = kind.change(entity, mark, this.workspace.team);
    await this.#write(mark, { method, path: path + suffix, body, event, stream, etag }, kind);
  }

  /** Returns undefined if the entity does not exist, or no longer. */
  async #read(path: string): Promise<Answer | undefined> {
    const answer = await this.#untilAnswered('GET', path);
    return answer.status === 404 ? undefined : answer;
  }

  async #write(key: string, { method, path, body, event, stream, etag }: Write, { category }: Kind): Promise<Answer> {
    const headers = { 'idempotency-key': key, 'x-request-id': key, ...(etag && { 'if-match': etag }) };
    const answer = await this.#untilAnswered(method, path, body, headers);
    const version = answer.status < 300 ? (answer.headers.get('etag') ?? undefined) : undefined;
    const created = answer.status < 300 ? answer.body.data?.id : undefined;
    this.journal.told.push({
      key,
      status: answer.status,
      event,
      stream: stream ?? (created && `${category}-${created}`),
      ...(etag && { ifMatch: versionOf(etag) }),
      ...(version && { version: versionOf(version) }),
    });
    if (answer.headers.has('idempotent-replayed')) this.journal.replayed += 1;
    return answer;
  }

  async #untilAnswered(method: string, path: string, body?: object, headers = {}): Promise<Answer> {
    for (;;) {
      this.journal.requests += 1;
      const api = pick(this.random, this.#apis);
      const answer = await api.send(method, path, body, headers, this.#patience()).catch(() => undefined);
      if (answer && !EXPECTED.includes(answer.status)) {
        this.journal.errors.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      if (answer && answer.status < 500 && !answer.headers.has('retry-after')) return answer;
      this.journal.repeated += 1;
      await pause(this.random() * 2 * PAUSE_MS);
    }
  }

  /** Aborts some requests while they are executed. They are repeated as if there had been no answer. */
  #patience(): AbortSignal | undefined {
    return this.random() < 0.1 ? AbortSignal.timeout(Math.ceil(this.random() * MOST_PATIENCE_MS)) : undefined;
  }

  #nextMark(): string {
    return `${this.name}-${(this.#writes += 1)}`;
  }
}

/** Success, deleted in the meantime, changed in the meantime, and answers that ask for a retry. */
const EXPECTED = [200, 201, 204, 404, 409, 412, 503];

/** Returns the version of an ETag `"<version>-<digest>"` or `"<version>"`. */
function versionOf(etag: string): number {
  return Number(/^"(\d+)/.exec(etag)?.[1]);
}
