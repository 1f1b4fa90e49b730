import { randomBytes } from 'node:crypto';
import { agentStream } from '#libs/agents/agent.stream.js';
import { anonymizationStream } from '#libs/anonymization/anonymization.stream.js';
import { contactEndpointStream } from '#libs/contact-endpoints/contact-endpoint.stream.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { customAttributeStream } from '#libs/custom-attributes/custom-attribute.stream.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { apiTokenStream } from '#libs/organizations/api-token.stream.js';
import { hashApiToken, mintApiToken } from '#libs/organizations/token-secret.js';
import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { queueStream } from '#libs/queues/queue.stream.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { teamStream } from '#libs/teams/team.stream.js';
import { recoveryStream } from '#libs/webhooks/recovery/recovery.stream.js';
import { subscriptionStream } from '#libs/webhooks/subscriptions/subscription.stream.js';
import { type Planned, planned } from './planned.js';
import { idOf } from './random.js';

const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };
const FORGOTTEN_ID = idOf('forgotten end user');
const HOUR_MS = 3_600_000;
/** When the example conversations began and ended, and when a rating was offered. */
const [BEGUN, OFFERED, CLOSED] = ['2026-03-14T09:26:53.589Z', '2026-03-14T10:05:00.000Z', '2026-03-14T10:02:11.000Z'];

/**
 * Plans an entity for each id of the examples in the API's document, in the states that the example requests need. Their
 * names and addresses differ from those that the examples send, which must be free.
 * @param now the demo's present; everything was created before it
 */
export function examples(actorId: string, now: Date): Planned[] {
  return [...staff(), ...customers(), ...conversations(), ...connections(actorId, now)];
}

function staff(): Planned[] {
  const agent = { displayName: 'Bob Green', additionalEmails: [], additionalPhoneNumbers: [], middleNames: [] };
  const queue = { callFunctionality: false, isDoNotOfferEnabled: false };
  const members = { agentIds: [EXAMPLE_IDS.agent], members: [], missing: [] };
  const [email, phone] = [EXAMPLE_IDS.contactEndpoint, idOf('phone endpoint')];
  return [
    planned(agentStream, [
      [EXAMPLE_IDS.agent, [{ type: 'CreateAgent', id: EXAMPLE_IDS.agent, email: 'bob@acme.example', settings: agent }]],
    ]),
    planned(teamStream, [
      [
        EXAMPLE_IDS.team,
        [
          { type: 'CreateTeam', id: EXAMPLE_IDS.team, name: 'Front desk' },
          { type: 'AddTeamMembers', id: EXAMPLE_IDS.team, ...members },
        ],
      ],
    ]),
    planned(queueStream, [
      [
        EXAMPLE_IDS.queue,
        [
          { type: 'CreateQueue', id: EXAMPLE_IDS.queue, settings: { ...queue, name: 'Support', isDefault: true } },
          { type: 'AssignQueueMembers', id: EXAMPLE_IDS.queue, ...members },
        ],
      ],
      [
        EXAMPLE_IDS.otherQueue,
        [
          {
            type: 'CreateQueue',
            id: EXAMPLE_IDS.otherQueue,
            settings: { ...queue, name: 'Returns', isDefault: false },
          },
        ],
      ],
    ]),
    planned(tagStream, [
      [EXAMPLE_IDS.tag, [{ type: 'CreateTag', id: EXAMPLE_IDS.tag, name: 'VIP', color: '#ff8800' }]],
    ]),
    planned(contactEndpointStream, [
      [email, [endpoint({ _type: 'EmailEndpoint', id: email, address: 'support@acme.example', name: 'Support' })]],
      [phone, [endpoint({ _type: 'TelephonyEndpoint', id: phone, number: '+4578787878', name: 'Hotline' })]],
    ]),
  ];
}

type EndpointCommand = Parameters<typeof contactEndpointStream.decide>[0];
type NewEndpoint = Extract<EndpointCommand, { type: 'CreateContactEndpoint' }>['endpoint'];

function endpoint(endpoint: NewEndpoint): EndpointCommand {
  return { type: 'CreateContactEndpoint', endpoint, existing: 0 };
}

function customers(): Planned[] {
  const option = (newId: string, value: string, label: string) => ({ newId, value, label, nestedOptions: [] });
  const tiers = (id: string) => ({
    _type: 'Select' as const,
    options: [
      {
        ...option(id, 'business', 'Business'),
        nestedOptions: [option(idOf(`${id} gold`), 'gold', 'Gold'), option(idOf(`${id} silver`), 'silver', 'Silver')],
      },
      option(idOf(`${id} private`), 'private', 'Private'),
    ],
  });
  const attribute = (
    entityType: 'Contact' | 'Conversation',
    id: string,
    identifier: string,
    label: string,
    inputDefinition: ReturnType<typeof tiers> | { _type: 'Text' } = { _type: 'Text' },
  ) =>
    [
      id,
      [
        {
          type: 'CreateCustomAttribute' as const,
          attribute: { id, entityType, identifier, label, isRequired: false, inputDefinition },
        },
      ],
    ] as const;
  return [
    planned(customAttributeStream, [
      attribute('Contact', EXAMPLE_IDS.contactAttribute, 'tier', 'Tier', tiers(EXAMPLE_IDS.option)),
      attribute('Contact', EXAMPLE_IDS.contactText, 'customer-number', 'Customer number'),
      attribute('Contact', EXAMPLE_IDS.contactDate, 'birthday', 'Birthday'),
      attribute('Conversation', EXAMPLE_IDS.conversationAttribute, 'product', 'Product', tiers(idOf('product option'))),
      attribute('Conversation', EXAMPLE_IDS.conversationText, 'order-number', 'Order number'),
    ]),
    planned(endUserStream, [
      endUser(EXAMPLE_IDS.endUser, 'Alicia Brown', 'alicia@brown.example', '+4530405070'),
      endUser(EXAMPLE_IDS.otherEndUser, 'Alicia Brown-Smith', 'alicia@smith.example', '+4530405071'),
      endUser(FORGOTTEN_ID, 'Somebody', 'somebody@forgotten.example', '+4530405072', [
        { type: 'RequestAnonymization', id: FORGOTTEN_ID, requestId: EXAMPLE_IDS.anonymizationRequest },
      ]),
    ]),
  ];
}

type EndUserCommand = Parameters<typeof endUserStream.decide>[0];

function endUser(
  id: string,
  displayName: string,
  email: string,
  phoneNumber: string,
  more: EndUserCommand[] = [],
): [string, EndUserCommand[]] {
  return [id, [{ type: 'CreateEndUser', id, person: { ...NOBODY, displayName, email, phoneNumber } }, ...more]];
}

type ConversationCommand = Parameters<typeof conversationStream.decide>[0];

/** One that waits in the queue, and one that is closed. */
function conversations(): Planned[] {
  const [id, closedId] = [EXAMPLE_IDS.conversation, EXAMPLE_IDS.closedConversation];
  const { endUser: userId, agent: agentId } = EXAMPLE_IDS;
  const begin = (
    id: number,
    messageId: string,
    text: string,
  ): Extract<ConversationCommand, { type: 'ImportConversation' }> => ({
    type: 'ImportConversation',
    id,
    origin: {
      requesterId: userId,
      channel: 'Email',
      direction: 'Inbound',
      contactPoint: 'support@acme.example',
      createdAt: BEGUN,
    },
    details: { subject: 'Where is my order?', fromEmail: 'alicia@brown.example', toEmail: 'support@acme.example' },
    messages: [
      {
        id: messageId,
        authorId: userId,
        direction: 'Inbound',
        createdAt: BEGUN,
        body: { content: { _type: 'Text', value: text }, attachments: [] },
      },
    ],
  });
  const rating = { id: EXAMPLE_IDS.rating, ratingType: 'Csat' as const, agentId, userId, offeredAt: OFFERED };
  const waiting: ConversationCommand[] = [
    { ...begin(id, EXAMPLE_IDS.message, 'My order has not arrived.'), queueId: EXAMPLE_IDS.queue },
    { type: 'TagConversation', id, tag: { id: EXAMPLE_IDS.tag, name: 'VIP', state: 'Active' } },
    {
      type: 'AddNotes',
      id,
      notes: [{ id: EXAMPLE_IDS.note, authorId: agentId, createdAt: BEGUN, message: 'The customer called, too.' }],
    },
    { type: 'OfferRating', id, rating },
  ];
  const closed: ConversationCommand[] = [
    {
      ...begin(closedId, idOf('closed message'), 'When does the shop open?'),
      assignment: { agentId, assignedAt: BEGUN },
      closing: { userId: agentId, closedAt: CLOSED },
    },
  ];
  return [
    planned(conversationStream, [
      [String(id), waiting],
      [String(closedId), closed],
    ]),
  ];
}

/** Nobody knows the secrets of the token and of the subscription. The subscription is disabled, so nothing is sent. */
function connections(actorId: string, now: Date): Planned[] {
  const { token: tokenId, subscription: subscriptionId, recovery, anonymizationRequest } = EXAMPLE_IDS;
  const at = now.toISOString();
  const issued = { tokenId, name: 'Web shop (demo)', actorId, tokenHash: hashApiToken(mintApiToken()) };
  const subscription = {
    id: subscriptionId,
    name: 'CRM synchronization',
    url: 'https://crm.example.com/hooks/deskstream',
    events: ['TagCreated'],
    enabled: false,
    authorization: { _type: 'NoAuth' as const },
    customHeaders: {},
    filters: {},
    ordering: 'unordered' as const,
    maxPerSecond: null,
    secretKey: randomBytes(32).toString('hex'),
  };
  const scope = { since: new Date(now.getTime() - HOUR_MS).toISOString(), until: at, onlyMissing: true };
  const request = { id: anonymizationRequest, entity: 'User' as const, targetId: FORGOTTEN_ID };
  return [
    planned(apiTokenStream, [
      [tokenId, [{ type: 'IssueApiToken', ...issued, scopes: ['tags:read'], granted: ['admin'], inForce: 0, at }]],
    ]),
    planned(subscriptionStream, [[subscriptionId, [{ type: 'CreateSubscription', subscription, existing: 0 }]]]),
    planned(recoveryStream, [[recovery, [{ type: 'RequestRecovery', id: recovery, subscriptionId, scope }]]]),
    planned(anonymizationStream, [
      [anonymizationRequest, [{ type: 'RequestAnonymization', id: anonymizationRequest, request }]],
    ]),
  ];
}
