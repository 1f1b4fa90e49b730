import { type EventRow } from '#libs/event-store/event-codec.js';

/** Time that clients wait before they reconnect. */
const RETRY_MS = 2_000;

/**
 * Returns the start of a stream, with its cursor: a client that is disconnected before the first event returns to it.
 */
export function greeting(cursor: string): string {
  return `retry: ${RETRY_MS}\nid: ${cursor}\n\n`;
}

/** Returns a heartbeat, with the cursor that the stream has reached. */
export function heartbeat(cursor: string): string {
  return `: heartbeat\nid: ${cursor}\n\n`;
}

/** Returns an event in the format of Server-Sent Events. JSON has no line breaks. */
export function frame(cursor: string, { type }: Pick<EventRow, 'type'>, event: object): string {
  return `id: ${cursor}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}
