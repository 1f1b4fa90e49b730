import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';

/** An answer with its parsed body. */
export interface Answer {
  status: number;
  headers: Headers;
  body: any;
}

/** Repeats an idempotent request while the server answers 503, as clients should. */
export function untilServed(call: () => Promise<Answer>): Promise<Answer> {
  return waitFor('a request to be served', async () => {
    const answer = await call();
    return answer.status !== 503 && answer;
  });
}

/** Calls the API as one organization. */
export class ApiClient {
  constructor(
    private readonly url: string,
    readonly token: string,
    readonly organizationId = '',
    readonly actorId = '',
  ) {}

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', path, body);
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.send('DELETE', path, body);
  }

  /** @param signal ends the wait for the answer */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      signal,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  }

  /** Returns the head of an endless answer, and closes it. */
  async open(path: string): Promise<Answer> {
    const { status, headers, body } = await fetch(this.url + path, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    await body?.cancel();
    return { status, headers, body: undefined };
  }

  /** Creates an entity and returns its data. */
  async create(path: string, body: unknown): Promise<any> {
    const answer = await this.post(path, body);
    if (![200, 201, 202].includes(answer.status)) throw new Error(JSON.stringify(answer.body));
    return answer.body.data;
  }

  /** Creates a webhook subscription and returns it. */
  async subscribe(url: string, events: string[], more: object = {}) {
    const authorization = { _type: 'NoAuth' };
    const answer = await this.post('/v1/webhooks', { name: 'test', url, events, authorization, ...more });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.data as {
      id: string;
      secretKey: string;
      subscribedEvents: string[];
      headers: Record<string, string>;
    };
  }

  /** Creates an agent and returns it. */
  async createAgent(fields: object = {}): Promise<{ id: string; email: string; displayName: string }> {
    const email = `${randomUUID()}@agents.example`;
    const answer = await this.post('/v1/agents', { displayName: 'Agent', email, ...fields });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.data as { id: string; email: string; displayName: string };
  }

  /** Creates a team and returns its id. */
  async createTeam(name: string): Promise<string> {
    const answer = await this.post('/v1/teams', { name });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.data.id as string;
  }

  /** Creates a tag and returns its id. */
  async createTag(name: string): Promise<string> {
    const answer = await untilServed(() => this.post('/v1/tags', { name }));
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.data.id as string;
  }

  /** Creates a queue and returns its id. */
  async createQueue(request: object = {}): Promise<string> {
    const required = { name: 'Support', callFunctionality: false, isDefault: false, isDoNotOfferEnabled: false };
    const answer = await this.post('/v1/queues', { request: { ...required, ...request } });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.data.id as string;
  }
}
