import { send, withQuery } from './api.js';
import { frames } from './sse.js';

const RETRY_MS = 2_000;

/**
 * Follows the event feed until the signal ends it. After an interruption it continues at the same position, so no event
 * is missed.
 * @param types comma-separated, or empty for all
 * @param from the cursor to continue from; without one, the feed begins now
 * @param on callbacks `event`, `state` (in words) and `cursor`
 * @throws {ApiError} when the API refuses to stream
 */
export async function follow({ types, from, signal, on }) {
  let cursor = from;
  while (!signal.aborted) {
    try {
      const headers = cursor ? { 'last-event-id': cursor } : {};
      const path = withQuery('/v1/events/stream', { types, from: cursor ? '' : 'now' });
      const { body } = await send(path, { headers, signal });
      on.state('Connected: new events appear here.');
      for await (const { id, data } of frames(body)) {
        if (data) on.event(JSON.parse(data));
        if (id) on.cursor((cursor = id));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500) throw error;
    }
    if (signal.aborted) return;
    on.state('Disconnected: trying again.');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
