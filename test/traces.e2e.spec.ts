import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type Installation, startInstallation } from './support/installation.js';

/** A span as OTLP has it in JSON. */
interface Span {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

interface Exported {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: { spans: Omit<Span, 'service'>[] }[];
  }[];
}

const spans: Span[] = [];

/** A receiver of OTLP over HTTP. */
const collector: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Exported;
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service }))));
    }
    response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
  });
});

let installation: Installation;
let receiver: WebhookReceiver;
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  installation = await startInstallation({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    WEBHOOK_RETRY_SCHEDULE: '0.05,0.05',
  });
  receiver = await startWebhookReceiver();
  await installation.startWorker();
});
afterAll(async () => {
  await installation.remove();
  await receiver.close();
  collector.closeAllConnections();
  collector.close();
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

describe('A trace', () => {
  it('leads from the span of a client over the request, its batch and the delivery to each attempt', async () => {
    await installation.api.subscribe(receiver.url, ['TagCreated']);
    receiver.answerWith(500);
    const traceparent = `00-${TRACE}-${CALLER}-01`;
    await installation.api.send('POST', '/v1/tags', { name: 'traced' }, { traceparent });
    const named = (name: string) => spans.filter((span) => span.traceId === TRACE && span.name === name);
    const progress = () => spans.length;
    await waitFor('the first attempts', () => receiver.received.length > 1, progress);
    receiver.answerWith(200);
    await waitFor(
      'all spans',
      () => named('webhook attempt').length === 3 && named('POST /v1/tags').length > 0,
      progress,
    );

    const [request, delivery] = [named('POST /v1/tags')[0], named('webhook delivery')[0]];
    expect(request).toMatchObject({ service: 'deskstream-api', parentSpanId: CALLER });
    expect(named('database batch').length).toBeGreaterThan(0);
    for (const batch of named('database batch')) expect(batch.parentSpanId).toBe(request?.spanId);
    expect(delivery).toMatchObject({ service: 'deskstream-worker', parentSpanId: request?.spanId });
    const attempts = named('webhook attempt');
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ service: 'deskstream-worker', parentSpanId: delivery?.spanId });
    }
    const sent = receiver.received.map(({ headers }) => headers.traceparent);
    expect(sent).toEqual(attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`));
  });

  it('has no spans of what a client does not want to be recorded, but goes on to the receiver', async () => {
    const unwanted = TRACE.replace('4', '5');
    receiver.received.length = 0;
    const traceparent = `00-${unwanted}-${CALLER}-00`;
    await installation.api.send('POST', '/v1/tags', { name: 'unwanted' }, { traceparent });
    await installation.api.send('POST', '/v1/tags', { name: 'wanted' }, { traceparent: `00-${TRACE}-${CALLER}-01` });
    await waitFor('both', () => receiver.received.length === 2);
    const sent = receiver.received.map(({ headers }) => headers.traceparent as string).sort();
    expect(sent[1]).toMatch(new RegExp(`^00-${unwanted}-[0-9a-f]{16}-00$`));
    await waitFor('the spans of the other', () => spans.filter(({ name }) => name === 'webhook attempt').length === 4);
    expect(spans.filter(({ traceId }) => traceId === unwanted)).toEqual([]);
  });
});

describe('A program', () => {
  it.each(['api', 'worker', 'standalone', 'cli'])('loads OpenTelemetry only on demand: %s', (program) => {
    const text = readFileSync(`dist/apps/${program}/main.js`, 'utf8');
    // prom-client loads the API, which does nothing by itself.
    expect(text).not.toMatch(/(from|import|require\()\s*["']@opentelemetry\/(?!api["'])/);
    if (program !== 'cli') expect(text).toMatch(/import\(["']@opentelemetry\/sdk-trace["']\)/);
  });
});
