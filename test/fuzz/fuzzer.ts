import fc from 'fast-check';
import { type OpenApi } from '../openapi/document.js';
import { type Answer, untilServed } from '../support/api-client.js';
import { isBulk, Oracle, type SentRequest } from './oracle.js';
import { type FuzzRequest, fuzzRequests } from './requests.js';
import { Reference } from './values.js';
import { type World } from './world.js';

const CHUNK = 500;
const CONCURRENCY = 16;

/** The problems, each with the first request that showed it. */
export type Findings = Map<string, SentRequest & { answer: Answer }>;

/** Sends requests to a world, and collects problems with the answers. */
export class Fuzzer {
  readonly findings: Findings = new Map();
  /** Number of successful requests, by operation. */
  readonly successes = new Map<string, number>();
  /** The end of the last request to delete each id, in milliseconds; infinite while the request is in progress. */
  readonly #deletions = new Map<unknown, number>();
  readonly #oracle: Oracle;
  readonly #document: OpenApi;

  constructor(
    private readonly world: World,
    document: OpenApi,
  ) {
    this.#document = document;
    this.#oracle = new Oracle(document);
  }

  /** Sends requests. The same seed makes the same requests; their results depend on how they interleave. */
  async run(seed: number, runs: number): Promise<void> {
    const arbitrary = fuzzRequests(this.#document);
    for (let done = 0; done < runs; done += CHUNK) {
      const requests = fc.sample(arbitrary, { seed: seed + done, numRuns: Math.min(CHUNK, runs - done) }).values();
      const worker = async () => {
        for (const request of requests) await this.#try(request);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    }
  }

  async #try(request: FuzzRequest): Promise<void> {
    const { path, query, body } = this.world.fill({
      path: request.path,
      query: request.query,
      body: request.body,
    }) as SentRequest;
    const sent: SentRequest = { ...request, path, query, body };
    const since = performance.now();
    const deleted = sent.method === 'DELETE' ? Object.values(path).at(-1) : undefined;
    if (deleted) this.#deletions.set(deleted, Infinity);
    const answer = await this.#send(sent);
    if (deleted) this.#deletions.set(deleted, performance.now());
    const problems = this.#oracle.problemsOf(sent, answer);
    if (answer.status < 300) problems.push(...(await this.#consequences(request, sent, answer, since)));
    for (const problem of problems) {
      const key = `${sent.method} ${sent.template} (${sent.who}) ${problem}`;
      if (!this.findings.has(key)) this.findings.set(key, { ...sent, answer });
    }
  }

  #send({ method, template, who, path, query, body }: SentRequest): Promise<Answer> {
    const url = template.replace(/{(\w+)}/g, (_, name: string) => encoded(path[name]));
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
    const target = pairs.length > 0 ? `${url}?${pairs.join('&')}` : url;
    return untilServed(() => this.world.client(who).send(method, target, body));
  }

  /** Checks what must hold after a success: created entities exist, deleted ones do not, and strangers see no data. */
  async #consequences(request: FuzzRequest, sent: SentRequest, answer: Answer, since: number): Promise<string[]> {
    const { method, template, operation, who } = sent;
    this.successes.set(operation.operationId, (this.successes.get(operation.operationId) ?? 0) + 1);
    if (who === 'stranger') {
      const shown = refersTo(request.path) || (method === 'GET' && this.world.isIn(JSON.stringify(answer.body)));
      return shown ? ['answers a stranger'] : [];
    }
    const id: unknown = answer.body.data?.id;
    const bulk = isBulk(answer);
    const own = this.#parameterUnder(template.replace(/\/bulk$/, ''));
    if (method === 'POST' && own && id !== undefined && !bulk) {
      const read = await this.#read(`${template}/{${own}}`, own, id);
      const isThere = read?.status === 200 && read.body.data.id === id;
      // An existing entity with the same name may be deleted by a concurrent request.
      const isDeleted = (this.#deletions.get(id) ?? 0) >= since;
      if (read && !isThere && !isDeleted) return [`created what is then answered ${read.status}`];
      this.world.add(own, id as string);
    }
    if (method === 'POST' && bulk && own) this.#addAll(own, answer.body.data);
    const last = /\/{(\w+)}$/.exec(template)?.[1];
    if (method === 'DELETE' && last) {
      this.world.remove(last, sent.path[last]);
      const read = await this.#read(template, last, sent.path[last]);
      if (read && read.status !== 404 && !isOver(read)) return [`deleted what is then answered ${read.status}`];
    }
    return [];
  }

  #addAll(kind: string, outcomes: { data?: { id: string } }[]): void {
    for (const { data } of outcomes) if (data) this.world.add(kind, data.id);
  }

  /** Returns the parameter of the resources in a collection: `tagId` for `/v1/tags`. */
  #parameterUnder(template: string): string | undefined {
    const under = Object.keys(this.#document.paths).find(
      (path) => path.startsWith(`${template}/{`) && path.endsWith('}'),
    );
    return under && /{(\w+)}$/.exec(under)?.[1];
  }

  async #read(template: string, name: string, id: unknown): Promise<Answer | undefined> {
    const single = !template.replace(`{${name}}`, '').includes('{') && this.#document.paths[template]?.get;
    return single ? this.world.client('member').get(template.replace(`{${name}}`, encoded(id))) : undefined;
  }
}

/** Some entities are kept after they end, because others refer to them. */
const isOver = ({ body }: Answer) => Boolean(body.data?.isArchived ?? body.data?.revokedAt);
const encoded = (value: unknown) => encodeURIComponent(String(value).toWellFormed());
/** Ids that clients choose are ignored: a stranger may have chosen the same. */
const refersTo = (values: object) =>
  Object.entries(values).some(([name, value]) => name !== 'externalId' && value instanceof Reference);
