import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { type Tag } from './tag.rules.js';
import { tagStream } from './tag.stream.js';

const tagExample = (state: 'ACTIVE' | 'INACTIVE') => ({
  tag: { id: EXAMPLE_IDS.tag, name: 'VIP', color: '#ff8800', state },
});

const tagSchema = {
  type: 'object',
  required: ['tag'],
  properties: {
    tag: {
      type: 'object',
      required: ['id', 'name', 'color', 'state'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        name: { type: 'string' },
        color: { type: ['string', 'null'] },
        state: { enum: ['ACTIVE', 'INACTIVE'] },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

function tagEvent(description: string, state: 'ACTIVE' | 'INACTIVE'): WebhookEventType<Tag> {
  return {
    version: '1',
    description,
    stream: tagStream,
    data: (tag) => ({
      tag: { id: tag.id, name: tag.name, color: tag.color ?? null, state: tag.state.toUpperCase() },
    }),
    example: tagExample(state),
    schema: tagSchema,
  };
}

export const TAG_EVENTS = {
  TagCreated: tagEvent('A tag was created.', 'ACTIVE'),
  TagActivated: tagEvent('An inactive tag was activated.', 'ACTIVE'),
  TagDeactivated: tagEvent('An active tag was deactivated.', 'INACTIVE'),
  TagDeleted: tagEvent('A tag was removed, also from conversations.', 'ACTIVE'),
} as const;
