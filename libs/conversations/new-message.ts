import { randomUUIDv7 } from 'node:crypto';
import { type Inbound, type Outbound } from './message-inputs.dto.js';
import { type Message } from './conversation.rules.js';

/** Returns the message that a client's input describes. An inbound message is from the end user of the conversation. */
export function newMessage(input: Inbound | Outbound, requesterId: string): Message {
  const isOutbound = input._type === 'Outbound';
  const { content, attachments, externalId, integrationEmail, createdAt } = input;
  return {
    id: randomUUIDv7(),
    authorId: isOutbound ? input.agentId : requesterId,
    direction: input._type,
    createdAt: createdAt ?? new Date().toISOString(),
    ...(externalId && { externalId }),
    body: {
      ...(content && { content: { _type: content._type, value: content.value } }),
      attachments: (attachments ?? []).map((file) => withoutNulls(file)),
      ...(integrationEmail && { integrationEmail }),
      ...(isOutbound && input.cc && { cc: input.cc }),
      ...(isOutbound && input.bcc && { bcc: input.bcc }),
    },
  };
}

/** Returns a copy without the fields that are `null`. */
export function withoutNulls<T extends object>(value: T): { [Field in keyof T]: Exclude<T[Field], null> } {
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries) as { [Field in keyof T]: Exclude<T[Field], null> };
}
