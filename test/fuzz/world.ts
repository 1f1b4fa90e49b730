import { randomBytes } from 'node:crypto';
import { ApiClient } from '../support/api-client.js';
import { createSupportTeam, emailFrom } from '../support/support-team.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { type Who } from './requests.js';
import { Reference } from './values.js';

const MAX_POOL = 200;
/** Resolves no names, and waits briefly for receivers that do not exist. */
const ALONE = { WEBHOOK_DNS_SERVERS: '127.0.0.1:9', WEBHOOK_TIMEOUT_SECONDS: '0.1' };

/** A server with an organization, and clients with and without access to it. */
export class World {
  readonly #pool = new Map<string, (string | number)[]>();

  private constructor(
    readonly app: TestApp,
    private readonly clients: Record<Who, ApiClient>,
  ) {}

  static async create(): Promise<World> {
    const app = await startTestApp({ env: ALONE });
    const member = await app.createTestOrganization();
    const world = new World(app, {
      member,
      nobody: new ApiClient(app.url, ''),
      impostor: new ApiClient(app.url, randomBytes(32).toString('hex')),
      outsider: await app.clientWith([], member),
      stranger: await app.createTestOrganization(),
    });
    await world.#populate(member);
    return world;
  }

  client(who: Who): ApiClient {
    return this.clients[who];
  }

  /** Adds an id that exists, or existed when it was added. */
  add(kind: string, id: string | number): void {
    const ids = this.#pool.get(kind) ?? [];
    ids.push(id);
    if (ids.length > MAX_POOL) ids.shift();
    this.#pool.set(kind, ids);
  }

  remove(kind: string, id: unknown): void {
    this.#pool.set(
      kind,
      (this.#pool.get(kind) ?? []).filter((one) => String(one) !== String(id)),
    );
  }

  /** Returns whether a text contains ids of the organization, which others do not have. */
  isIn(text: string): boolean {
    const kinds = [...this.#pool.values()].flat();
    return kinds.some((id) => typeof id === 'string' && id.length === 36 && text.includes(id));
  }

  /** Returns the value with ids in place of references. If there is none of a kind, the id of no entity is used. */
  fill(value: unknown): unknown {
    if (value instanceof Reference) {
      const ids = this.#pool.get(value.kind) ?? [];
      return ids[value.pick % ids.length] ?? '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
    }
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.fill(one)]));
  }

  async #populate(api: ApiClient): Promise<void> {
    const team = await createSupportTeam(api);
    for (const id of [team.agentId, team.otherAgentId]) this.add('agentId', id);
    for (const id of [team.queueId, team.otherQueueId]) this.add('queueId', id);
    this.add('userId', team.userId);
    this.add('tagId', team.tagId);
    const quiet = (await api.create('/v1/endusers', { displayName: 'Quiet' })).id as string;
    this.add('requestId', (await api.patch(`/v1/endusers/${quiet}/anonymize`)).body.data.id as string);
    this.add('event', 'TagCreated');
    const endpoint = { _type: 'EmailEndpoint', address: 'support@acme.example' };
    this.add('contactEndpointId', (await api.create('/v1/contact-endpoints', endpoint)).address as string);
    this.add('teamId', await api.createTeam('Frontline'));
    const conversationId = (await api.create('/v1/conversations', emailFrom(team.userId))).id as number;
    this.add('conversationId', conversationId);
    const messages = await api.get(`/v1/conversations/${conversationId}/messages`);
    this.add('messageId', messages.body.data[0].id as string);
    const offer = { agentId: team.agentId, userId: team.userId, ratingType: 'Csat' };
    const rating = await api.post(`/v1/conversations/${conversationId}/ratings/offer`, offer);
    this.add('ratingId', rating.body.data.id as string);
    this.add('webhookSubscriptionId', (await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated'])).id);
    for (const entityType of ['Contact', 'Conversation']) {
      const attribute = { entityType, identifier: 'a', label: 'A', inputDefinition: { _type: 'Text' } };
      this.add('customAttributeId', (await api.create('/v1/custom-attributes', attribute)).id as string);
    }
  }
}
