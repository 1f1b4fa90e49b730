import { nullable, object, USER_TYPES } from '#libs/webhooks/events/payload-schemas.published.js';

export const ids = {
  queue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90',
  otherQueue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f91',
  tag: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
};

export const requester = {
  id: '01980f60-2b1a-7d10-8a53-6f0c9d1e2b3c',
  name: 'Alice Brown',
  email: 'alice@brown.example',
  phone: '+4570123456',
  roles: [],
  user_type: 'Contact',
};
export const agent = {
  id: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5',
  name: 'Bob Green',
  email: 'bob@acme.example',
  phone: null,
  roles: ['AGENT'],
  user_type: 'Member',
};
export const conversation = {
  csid: 1042,
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
