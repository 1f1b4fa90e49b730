import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
});

const content = (value: string) => ({ _type: 'Text', value });
const at = (time: string) => `2025-03-14T${time}:00.000Z`;
const conversation = (more: object = {}) => ({
  requesterId: team.userId,
  genericChannelName: 'Trustpilot',
  direction: 'Inbound',
  createdAt: at('09:00'),
  externalId: 'ticket-1042',
  messages: [
    { _type: 'InboundImport', content: content('It has not arrived.'), createdAt: at('09:00'), externalId: 'm-1' },
    { _type: 'OutboundImport', agentId: team.agentId, content: content('It is on its way.'), createdAt: at('09:20') },
  ],
  ...more,
});
const send = (body: object) => api.post('/v1/conversations/import', body);
const get = async (path: string) => (await api.get(path)).body.data;

describe('A conversation of another system', () => {
  it('is imported with its messages and times', async () => {
    const parts = {
      assignment: { agentId: team.agentId, assignedAt: at('09:10') },
      closing: { closedAt: at('10:00'), closedBy: team.userId },
      attributes: { importedFrom: 'Helpdesk 7' },
    };
    const { status, body } = await send(conversation(parts));
    expect([status, body]).toEqual([200, { data: { id: expect.any(Number) } }]);
    const path = `/v1/conversations/${body.data.id}`;
    expect(await get(path)).toMatchObject({
      _type: 'GenericConversation',
      state: 'Closed',
      createdAt: at('09:00'),
      stateUpdatedAt: at('10:00'),
      lastMessageAt: at('09:20'),
      externalId: 'ticket-1042',
      attributes: { importedFrom: 'Helpdesk 7' },
      assignment: { agentId: team.agentId, assignedAt: at('09:10') },
    });
    expect(await get(`${path}/messages`)).toMatchObject([
      {
        authorId: team.userId,
        createdAt: at('09:00'),
        externalId: 'm-1',
        attributes: { _type: 'GenericAttributes', direction: 'Inbound', content: content('It has not arrived.') },
      },
      { authorId: team.agentId, createdAt: at('09:20'), attributes: { direction: 'Outbound' } },
    ]);
  });

  it('waits in the default queue if it is open and nobody has it', async () => {
    const { body } = await send(conversation());
    expect(await get(`/v1/conversations/${body.data.id}`)).toMatchObject({
      state: 'Open',
      queue: { id: team.queueId, queuedAt: expect.any(String) },
    });
  });

  it('is imported once for each external id, also by requests at the same time', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => send(conversation())));
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    const again = await send(conversation({ messages: [] }));
    expect(again.body.data.id).toBe(answers[0]?.body.data.id);
    expect(await get(`/v1/endusers/${team.userId}/conversations`)).toHaveLength(1);
  });

  it('leaves out and reports what names nobody, comes from the future or is there twice', async () => {
    const nobody = randomUUID();
    const message = { _type: 'InboundImport', content: content('x'), createdAt: at('09:00') };
    const { body } = await send(
      conversation({
        messages: [
          { ...message, externalId: 'm-1' },
          { ...message, externalId: 'm-1' },
          { ...message, createdAt: '2099-01-01T00:00:00Z' },
          { ...message, _type: 'OutboundImport', agentId: nobody },
        ],
        assignment: { agentId: nobody, assignedAt: at('09:10') },
        closing: { closedAt: at('10:00'), closedBy: nobody },
      }),
    );
    expect(body.data.partialErrors.map(({ message: text }: { message: string }) => text)).toEqual([
      'messages[1]: externalId is that of an earlier message',
      'messages[2]: createdAt must not be in the future',
      `messages[3]: Agent ${nobody} could not be found`,
      `assignment: Agent ${nobody} could not be found`,
      `closing: Agent ${nobody} could not be found`,
    ]);
    expect(await get(`/v1/conversations/${body.data.id}/messages`)).toHaveLength(1);
    const shown = await get(`/v1/conversations/${body.data.id}`);
    expect(shown.state).toBe('Closed');
    expect(shown).not.toHaveProperty('assignment');
  });

  it('is refused as a whole when it cannot be one', async () => {
    const refused = async (more: object) => {
      const { status, body } = await send(conversation(more));
      return [status, body.message];
    };
    const nobody = randomUUID();
    expect(await refused({ requesterId: nobody })).toEqual([404, `End user ${nobody} could not be found`]);
    for (const [more, reason] of [
      [{ createdAt: '2099-01-01T00:00:00Z' }, 'createdAt must not be in the future'],
      [{ closing: { closedAt: at('08:00'), closedBy: team.agentId } }, 'closing.closedAt must not be before createdAt'],
      [{ messages: [{ _type: 'Inbound', content: content('x'), createdAt: at('09:00') }] }, 'messages[0]._type'],
      [{ messages: [null] }, 'messages'],
      [{ messages: 'x' }, 'messages must be an array'],
      [{ attributes: { x: 'y'.repeat(10_000) } }, 'attributes must have at most 10000 characters of JSON'],
      [{ genericChannelName: '' }, 'genericChannelName'],
    ] as const) {
      expect(await refused(more)).toEqual([400, expect.stringContaining(reason)]);
    }
  });
});

describe('The ways on which conversations come in', () => {
  it('are the contact endpoints', async () => {
    expect(await get('/v1/conversations/flows')).toEqual([]);
    await api.post('/v1/contact-endpoints', {
      _type: 'EmailEndpoint',
      address: 'support@acme.example',
      name: 'Support',
    });
    await api.post('/v1/contact-endpoints', { _type: 'TelephonyEndpoint', number: '+4578787878' });
    expect(await get('/v1/conversations/flows')).toEqual([
      { id: expect.any(String), name: '+4578787878', channel: 'PstnPhone', contactEndpointId: '+4578787878' },
      { id: expect.any(String), name: 'Support', channel: 'Email', contactEndpointId: 'support@acme.example' },
    ]);
  });
});
