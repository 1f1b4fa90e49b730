import { type Gauge, register } from 'prom-client';

/** What a stream has said: an event, or only where it has come to. */
export interface StreamMessage {
  id?: string;
  event?: string;
  data?: any;
}

/** A stream of events that is being read. */
export interface EventStream {
  status: number;
  headers: Headers;
  messages: AsyncGenerator<StreamMessage>;
  /** Goes away without a word, as a client does that loses its connection. */
  abort(): void;
}

/** Reads Server-Sent Events as `EventSource` does. */
export async function openEventStream(url: string, token: string, lastEventId?: string): Promise<EventStream> {
  const controller = new AbortController();
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
    signal: controller.signal,
  });
  return {
    status: response.status,
    headers: response.headers,
    messages: messagesOf(response.body as ReadableStream<Uint8Array>),
    abort: () => {
      controller.abort();
    },
  };
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as any) as any) {
    text += chunk as string;
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

/** The next so many events of a stream; fails when it ends before. */
export async function take({ messages }: EventStream, count: number): Promise<StreamMessage[]> {
  const events: StreamMessage[] = [];
  while (events.length < count) {
    const { value, done } = await messages.next();
    if (done) throw new Error(`The stream ended after ${events.length} of ${count} events`);
    if (value.event !== undefined) events.push(value);
  }
  return events;
}

/** How many readers wait for events, or follow them, in this process. */
export async function readersWaiting(): Promise<number> {
  const gauge = register.getSingleMetric('deskstream_event_readers') as Gauge;
  return (await gauge.get()).values[0]?.value ?? 0;
}
