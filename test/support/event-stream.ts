import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type Gauge, register } from 'prom-client';

/** A message of a stream: an event, or only a cursor. */
export interface StreamMessage {
  id?: string;
  event?: string;
  data?: any;
}

/** A stream of events that is being read. */
export interface EventStream {
  status: number;
  headers: IncomingHttpHeaders;
  messages: AsyncGenerator<StreamMessage>;
  /** Disconnects without notice, like a client that loses its connection. */
  abort(): void;
}

/** Reads Server-Sent Events as `EventSource` does, on a separate connection. */
export async function openEventStream(url: string, token: string, lastEventId?: string): Promise<EventStream> {
  const request = get(url, {
    agent: false,
    headers: { authorization: `Bearer ${token}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode as number,
    headers: response.headers,
    messages: messagesOf(response.setEncoding('utf8')),
    abort: () => request.destroy(),
  };
}

async function* messagesOf(body: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  let text = '';
  for await (const chunk of body) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() as string;
    yield* blocks.map(messageOf);
  }
}

function messageOf(block: string): StreamMessage {
  const lines = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line) ?? ['', '', '']);
  const { id, event, data } = Object.fromEntries(lines.map(([, name, value]) => [name, value])) as Record<
    string,
    string | undefined
  >;
  return { id, event, data: data === undefined ? undefined : JSON.parse(data) };
}

/** Returns the next `count` events of a stream; fails if it ends before. */
export async function take({ messages }: EventStream, count: number): Promise<StreamMessage[]> {
  const events: StreamMessage[] = [];
  while (events.length < count) {
    const { value, done } = await messages.next();
    if (done) throw new Error(`The stream ended after ${events.length} of ${count} events`);
    if (value.event !== undefined) events.push(value);
  }
  return events;
}

/** Returns the number of readers in this process that wait for events or follow them. */
export async function readersWaiting(): Promise<number> {
  const gauge = register.getSingleMetric('deskstream_event_readers') as Gauge;
  return (await gauge.get()).values[0]?.value ?? 0;
}
