import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { AGENT_IDS, END_USER_IDS, QUEUES } from './crowd.js';
import { type Planned, planned } from './planned.js';
import { idOf, Random } from './random.js';
import { TOPICS, type Topic } from './talk.js';

/** Number of conversations, with the two of the examples. */
export const CONVERSATIONS = 300;
const OF_EXAMPLES = 2;
/** The lowest number of a demo conversation. */
export const FIRST_NUMBER = EXAMPLE_IDS.conversation + 1;
const HOUR_MS = 3_600_000;
const MONTH_HOURS = 30 * 24;

type Command = Parameters<typeof conversationStream.decide>[0];
type Import = Extract<Command, { type: 'ImportConversation' }>;

const CHANNELS: readonly ConversationChannel[] = [
  'Email',
  'Email',
  'Email',
  'ContactForm',
  'WidgetChat',
  'Sms',
  'WhatsApp',
];
/** How a conversation ends; most are closed. */
const FATES = ['waiting', 'assigned', 'pending', 'closed', 'closed', 'closed', 'closed'] as const;

/** Plans conversations of the month before `now`. */
export function conversations(now: Date): Planned {
  const random = new Random(2);
  const commands = Array.from({ length: CONVERSATIONS - OF_EXAMPLES }, (_, index) => {
    const id = FIRST_NUMBER + index;
    return [String(id), conversation(id, random, now)] as const;
  });
  return planned(conversationStream, commands);
}

function conversation(id: number, random: Random, now: Date): Command[] {
  const topic = random.pick(TOPICS);
  const fate = random.pick(FATES);
  const agentId = random.pick(AGENT_IDS);
  const begun = now.getTime() - random.whole(3 * 60, MONTH_HOURS * 60) * 60_000;
  const at = (share: number) => new Date(begun + share * HOUR_MS).toISOString();
  const answered = fate !== 'waiting';
  const begin: Import = {
    type: 'ImportConversation',
    id,
    origin: {
      requesterId: random.pick(END_USER_IDS),
      channel: random.pick(CHANNELS),
      direction: 'Inbound',
      contactPoint: 'support@acme.example',
      createdAt: at(0),
    },
    details: { subject: topic.subject },
    messages: [],
    ...(answered ? { assignment: { agentId, assignedAt: at(0.5) } } : { queueId: random.pick(QUEUES).id }),
    ...(fate === 'closed' && { closing: { userId: agentId, closedAt: at(2.5) } }),
  };
  const imported = { ...begin, messages: messages(begin, topic, agentId, answered, at) };
  return [imported, ...labels(id, topic, random, agentId, at(1)), ...ending(imported, fate, random, agentId, at, now)];
}

/** The customer asks, and an agent answers. In a waiting conversation, the customer has only asked. */
function messages(
  { id, origin }: Import,
  { asks, answers }: Topic,
  agentId: string,
  answered: boolean,
  at: (share: number) => string,
): Import['messages'] {
  const said = answered ? asks.flatMap((ask, turn) => [ask, answers[turn] ?? '']) : asks.slice(0, 1);
  return said.map((value, turn) => {
    const isInbound = turn % 2 === 0;
    return {
      id: idOf(`message ${id}/${turn}`),
      authorId: isInbound ? origin.requesterId : agentId,
      direction: isInbound ? 'Inbound' : 'Outbound',
      createdAt: at(turn / 2),
      body: { content: { _type: 'Text', value }, attachments: [] },
    };
  });
}

function labels(id: number, topic: Topic, random: Random, authorId: string, createdAt: string): Command[] {
  const tags = [...topic.tags.map((name) => ({ id: idOf(`tag ${name}`), name }))];
  if (random.happens(0.1)) tags.push({ id: EXAMPLE_IDS.tag, name: 'VIP' });
  const note = { id: idOf(`note ${id}`), authorId, createdAt, message: topic.note };
  return [
    ...tags.map((tag) => ({ type: 'TagConversation' as const, id, tag: { ...tag, state: 'Active' as const } })),
    ...(random.happens(0.4) ? [{ type: 'AddNotes' as const, id, notes: [note] }] : []),
    ...(random.happens(0.3)
      ? [
          {
            type: 'UpdateAttributes' as const,
            id,
            values: { [EXAMPLE_IDS.conversationText]: `A-${3000 + (id % 1000)}` },
          },
        ]
      : []),
  ];
}

/** A closed conversation may be rated; a pending one opens again within two weeks. */
function ending(
  { id, origin: { requesterId: userId } }: Import,
  fate: (typeof FATES)[number],
  random: Random,
  agentId: string,
  at: (share: number) => string,
  now: Date,
): Command[] {
  if (fate === 'pending') {
    const until = new Date(now.getTime() + random.whole(24, 14 * 24) * HOUR_MS).toISOString();
    return [{ type: 'FollowUpConversation', id, until, now: now.toISOString(), userId: agentId }];
  }
  if (fate !== 'closed' || random.happens(0.4)) return [];
  const ratingId = idOf(`rating ${id}`);
  const rating = { id: ratingId, ratingType: 'Csat' as const, agentId, userId, offeredAt: at(2.6) };
  const result = { type: 'Csat' as const, value: random.pick([5, 5, 5, 4, 4, 3, 2, 1]) };
  const offer = { type: 'OfferRating' as const, id, rating };
  if (random.happens(0.3)) return [offer];
  return [offer, { type: 'SubmitRating', id, ratingId, result, submittedAt: at(2.8), userId }];
}
