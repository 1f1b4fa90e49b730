import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A request that the receiver got. */
export interface Received {
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  /** The body as received. */
  body: string;
  payload: { event_id: string; event_fqn: string; data: { tag: { id: string; name: string } } } & Record<
    string,
    unknown
  >;
}

/** A real HTTP server that keeps its requests. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  /** Sets its answer from now on: 200 by default. */
  answerWith(status: number, body?: string): void;
  close(): Promise<void>;
}

export async function startWebhookReceiver(port = 0): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let answer = { status: 200, body: 'ok' };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({
        url: request.url ?? '',
        headers: request.headers,
        body,
        payload: JSON.parse(body) as Received['payload'],
      });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answerWith: (status, body = '') => {
      answer = { status, body };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
