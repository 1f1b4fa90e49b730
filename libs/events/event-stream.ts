import { type EventRow } from '#libs/event-store/event-codec.js';

/** How long clients wait before they connect again. */
const RETRY_MS = 2_000;

/** The first words of a stream: where it begins, so that a client that is cut off before the first event comes back here. */
export function greeting(cursor: string): string {
  return `retry: ${RETRY_MS}\nid: ${cursor}\n\n`;
}

/** Shows that the stream is alive, and where it has come to. */
export function heartbeat(cursor: string): string {
  return `: heartbeat\nid: ${cursor}\n\n`;
}

/** An event in the format of Server-Sent Events. JSON has no line breaks. */
export function frame(cursor: string, { type }: Pick<EventRow, 'type'>, event: object): string {
  return `id: ${cursor}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}
