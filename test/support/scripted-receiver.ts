import { answering, type Behaviour, startFaultyReceiver } from '#libs/testing/faulty-receiver.js';
import { type Request } from './ledger.js';

/** A delivery as it arrived. */
export interface Arrival extends Request {
  path: string;
  /** The headers by name, in lower case. */
  headers: Record<string, string>;
  body: string;
  /** The number of times that this event has arrived for this subscription, including this one. */
  attempt: number;
  /** Time of arrival in milliseconds, by the monotonic clock. */
  at: number;
}

/** A receiver with many paths, each with its own behavior. */
export interface ScriptedReceiver {
  port: number;
  url(path: string): string;
  /** All deliveries, to any path. */
  arrivals: Arrival[];
  /** Returns the deliveries for a subscription. */
  of(subscriptionId: string): Arrival[];
  /** Sets the behavior for further deliveries to a path. By default, paths accept all. */
  behave(path: string, choose: (arrival: Arrival) => Behaviour): void;
  close(): Promise<void>;
}

export const ACCEPT = answering('200 OK', {}, 'ok');
export const REFUSE = answering('500 Internal Server Error', {}, 'no');
export const HANG: Behaviour = () => undefined;

export async function startScriptedReceiver(): Promise<ScriptedReceiver> {
  const arrivals: Arrival[] = [];
  const times = new Map<string, number>();
  const choices = new Map<string, (arrival: Arrival) => Behaviour>();
  const server = await startFaultyReceiver((socket, request) => {
    const arrival = arrivalOf(request);
    const key = `${arrival.subscriptionId} ${arrival.eventId}`;
    arrival.attempt += times.get(key) ?? 0;
    times.set(key, arrival.attempt);
    arrivals.push(arrival);
    const behaviour = choices.get(arrival.path)?.(arrival) ?? ACCEPT;
    behaviour(socket, request);
  });
  return {
    port: server.port,
    url: (path) => `http://127.0.0.1:${server.port}${path}`,
    arrivals,
    of: (subscriptionId) => arrivals.filter((arrival) => arrival.subscriptionId === subscriptionId),
    behave: (path, choose) => choices.set(path, choose),
    close: () => server.close(),
  };
}

function arrivalOf(request: string): Arrival {
  const end = request.indexOf('\r\n\r\n');
  const [first = '', ...lines] = request.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    subscriptionId: headers['x-dixa-subscription-id'] ?? '',
    eventId: headers['webhook-id'] ?? '',
    path: first.split(' ')[1] ?? '',
    headers,
    body: request.slice(end + 4),
    attempt: 1,
    at: performance.now(),
  };
}
