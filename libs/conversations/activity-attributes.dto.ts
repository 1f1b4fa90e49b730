import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type DescribedField, describedSchema, OPTIONAL } from '#libs/http/described-schema.js';

export class ActivityLogUser {
  @ApiProperty({ description: 'The id.', example: EXAMPLE_IDS.agent })
  id: string;

  @ApiPropertyOptional({ description: 'The name.', example: 'Bob Green' })
  name?: string;

  @ApiPropertyOptional({ description: 'The e-mail address.', example: 'bob@acme.example' })
  email?: string;

  @ApiPropertyOptional({ description: 'The phone number.', example: '+4570123456' })
  phoneNumber?: string;
}

const AGENT_ID = EXAMPLE_IDS.agent;
const QUEUE_ID = EXAMPLE_IDS.queue;
const INSTANT = '2026-03-14T09:26:53.589Z';
const LATER = ' No entry has this yet.';

const text = (description: string, example: string): DescribedField => [description, example];
const maybe = (description: string, example: string): DescribedField => [description, example, OPTIONAL];
const user = (description: string, more = {}): DescribedField => [
  description,
  { id: AGENT_ID, name: 'Bob Green' },
  { type: ActivityLogUser, ...more },
];
const number = (description: string, example: number, format: 'int32' | 'int64', more = {}): DescribedField => [
  description,
  example,
  { type: 'integer', format, ...more },
];
const flag = (description: string): DescribedField => [description, true, { type: Boolean }];
const texts = (description: string, example: string[]): DescribedField => [
  description,
  example,
  { type: [String], ...OPTIONAL },
];
const avatar = maybe(
  'The picture of the author. Always absent: none is kept.',
  'https://pictures.acme.example/bob.png',
);

/** The attributes of activity log entries, by `_type`, which is the name here and `Attribute`. */
const FIELDS: Record<string, [description: string, fields: Record<string, DescribedField>]> = {
  ConversationAssigned: [
    'Who was assigned.',
    { agentId: text('The id of the agent.', AGENT_ID), agentName: maybe('The name of the agent.', 'Bob Green') },
  ],
  ConversationAutoReplySent: [
    `Which automatic reply was sent.${LATER}`,
    { templateName: text('The name of the template.', 'Out of office') },
  ],
  ConversationChannelChanged: [
    `To which channel the conversation changed.${LATER}`,
    { channelReference: text('The channel.', 'Email') },
  ],
  ConversationClaimed: [
    'The agent or queue from which the conversation was claimed.',
    {
      claimedFromType: maybe('`Agent` or `Queue`.', 'Queue'),
      claimedFromLabel: maybe('The name of the agent or queue.', 'Support'),
    },
  ],
  ConversationCreated: ['How the conversation began.', { subject: maybe('The subject.', 'Where is my order?') }],
  ConversationCustomAttributesUpdated: [
    'Which custom attributes changed.',
    {
      updatedAttributeIds: texts('The ids of the attributes.', [EXAMPLE_IDS.conversationAttribute]),
      updatedAttributeValues: [
        'The new values by attribute id. The path of a selected option is joined by ` / `. A cleared value is empty.',
        { [EXAMPLE_IDS.conversationAttribute]: 'business / gold' },
        { type: 'object', additionalProperties: { type: 'string' } },
      ],
    },
  ],
  ConversationEndUserReplaced: [
    'The former and the new end user of the conversation.',
    { oldUser: user('The former end user.'), newUser: user('The end user.') },
  ],
  ConversationLanguageUpdated: [
    `The language of the conversation.${LATER}`,
    { language: text('The language, as a BCP 47 tag.', 'en') },
  ],
  ConversationLinked: [
    'Which conversations were linked.',
    {
      parent: number('The conversation that the other one belongs to.', 1041, 'int64'),
      child: number('The conversation that belongs to the other one.', EXAMPLE_IDS.conversation, 'int64'),
      linkType: text('`Related` or `SideConversation`.', 'Related'),
    },
  ],
  ConversationOffered: [
    `To whom the conversation was offered.${LATER}`,
    { agentNames: texts('The names of the agents.', ['Bob Green']), queueLabel: maybe('The queue.', 'Support') },
  ],
  ConversationRated: [
    'How the end user rated the conversation.',
    {
      agent: user('The agent who is rated.', OPTIONAL),
      score: number('The score.', 5, 'int32', OPTIONAL),
      message: maybe('The comment.', 'That was quick!'),
    },
  ],
  ConversationRatingNotOffered: [
    `Why no rating was offered.${LATER}`,
    { evaluationFilters: maybe('The filters that did not match.', 'channel') },
  ],
  ConversationRatingOffered: [
    'To whom a rating was offered.',
    { agent: user('The agent who is rated.'), user: user('The end user.') },
  ],
  ConversationRatingScheduled: [
    `When a rating is to be offered.${LATER}`,
    { ratingScheduledTime: text('The time.', INSTANT) },
  ],
  ConversationReserved: [
    `For whom the conversation is reserved.${LATER}`,
    {
      agent: user('The agent.'),
      queueId: text('The id of the queue.', QUEUE_ID),
      queueName: text('The name of the queue.', 'Support'),
      reservationType: text('The type of the reservation.', 'LastAgent'),
      validUntil: text('When the reservation ends.', INSTANT),
    },
  ],
  ConversationResolvedStateToggled: [
    `Whether the conversation is resolved.${LATER}`,
    { isResolved: flag('Whether it is resolved.') },
  ],
  ConversationSubjectUpdated: [
    `How the subject changed.${LATER}`,
    { oldSubject: text('The former subject.', 'Help'), newSubject: text('The subject.', 'Where is my order?') },
  ],
  ConversationTranscriptionEnded: [
    `Whether a transcription succeeded.${LATER}`,
    { isSuccessful: flag('Whether it did.'), failureReason: maybe('The reason why it failed.', 'No speech was found') },
  ],
  ConversationTransferred: [
    'The queue to which the conversation was transferred.',
    {
      destinationId: text('The id of the queue.', QUEUE_ID),
      destinationLabel: maybe('The name of the queue.', 'Billing'),
      destinationType: text('The kind of destination: `Queue`.', 'Queue'),
      transferType: text('The kind of transfer: `Cold`, since no agent is asked.', 'Cold'),
      reason: maybe('Why a transfer failed. Always absent: none fails later.', 'Nobody answered'),
    },
  ],
  ConversationUnassigned: ['The agent who had the conversation.', { agent: user('The agent.') }],
  MessageAdded: [
    'Which message was added.',
    {
      messageId: text('The message id.', EXAMPLE_IDS.message),
      fromEndpoint: maybe('The e-mail integration that the message names.', 'support@acme.example'),
      avatarUrl: avatar,
    },
  ],
  MessageRedacted: [
    'What was removed from a message.',
    {
      messageId: text('The message id.', EXAMPLE_IDS.message),
      wasTextRedacted: flag('Whether it had a text.'),
      numberOfDeletedFiles: number('How many attachments it had.', 1, 'int32'),
    },
  ],
  NoteAdded: [
    'Which note was added.',
    { message: text('The text of the note.', 'The customer called, too.'), avatarUrl: avatar },
  ],
  TagAdded: ['Which tag was added.', { tag: text('The name of the tag.', 'VIP') }],
  TagRemoved: ['Which tag was removed.', { tag: text('The name of the tag.', 'VIP') }],
};

/** The variants of ActivityLogAttribute, by `_type`. */
export const ACTIVITY_ATTRIBUTES = Object.fromEntries(
  Object.entries(FIELDS).map(([name, [description, fields]]) => {
    const type = `${name}Attribute`;
    return [type, describedSchema(type, description, fields)];
  }),
);
