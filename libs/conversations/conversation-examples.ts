import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { nullable, object, USER_TYPES } from '#libs/webhooks/events/payload-schemas.published.js';

export const ids = {
  queue: EXAMPLE_IDS.queue,
  otherQueue: EXAMPLE_IDS.otherQueue,
  tag: EXAMPLE_IDS.tag,
};

export const requester = {
  id: EXAMPLE_IDS.endUser,
  name: 'Alice Brown',
  email: 'alice@brown.example',
  phone: '+4570123456',
  roles: [],
  user_type: 'Contact',
};
export const agent = {
  id: EXAMPLE_IDS.agent,
  name: 'Bob Green',
  email: 'bob@acme.example',
  phone: null,
  roles: ['AGENT'],
  user_type: 'Member',
};
export const conversation = {
  csid: EXAMPLE_IDS.conversation,
  channel: 'EMAIL',
  status: 'OPEN',
  direction: 'INBOUND',
  queue: { id: ids.queue, name: 'Support' },
  contact_point: 'support@acme.example',
  requester,
  assignee: null as object | null,
  subject: 'Where is my order?',
  tags: [{ id: ids.tag, name: 'VIP', is_deactivated: false }],
  created_at: '2026-03-14T09:26:53.589Z',
};

export const uuid = { type: 'string', format: 'uuid' };
export const instant = { type: 'string', format: 'date-time' };
const text = { type: ['string', 'null'] };

export const user = object({
  id: uuid,
  name: text,
  email: text,
  phone: text,
  roles: { type: 'array', items: { type: 'string' } },
  user_type: { enum: USER_TYPES },
});
export const named = object({ id: uuid, name: text });
export const conversationSchema = object({
  csid: { type: 'integer' },
  channel: { type: 'string' },
  status: { enum: ['OPEN', 'PENDING', 'AWAITING_PENDING', 'CLOSED'] },
  direction: { enum: ['INBOUND', 'OUTBOUND', 'INTERNAL'] },
  queue: nullable(named),
  contact_point: text,
  requester: user,
  assignee: nullable(user),
  subject: text,
  tags: { type: 'array', items: object({ id: uuid, name: { type: 'string' }, is_deactivated: { type: 'boolean' } }) },
  created_at: instant,
});
