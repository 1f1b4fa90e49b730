import { type BeginSpan } from './span.js';

/** How long spans are gathered before they are sent, and how long the end of a process waits for the receiver. */
const [GATHER_MS, SEND_MS] = [1_000, 3_000];
/** Maximum number of spans that wait to be sent: further ones are dropped. */
const MAX_WAITING = 2_048;

/**
 * Opens an exporter of spans by OTLP over HTTP. A module of its own, so that a bundle does not load the imported
 * packages earlier.
 */
export async function openTraceExporter(
  endpoint: string,
  service: string,
): Promise<{ begin: BeginSpan; close: () => Promise<void> }> {
  const [api, { W3CTraceContextPropagator }, { resourceFromAttributes }, sdk, { OTLPTraceExporter }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
  const { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: SEND_MS });
  const processor = new sdk.BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: GATHER_MS,
    maxQueueSize: MAX_WAITING,
    exportTimeoutMillis: SEND_MS,
  });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('deskstream');
  const propagator = new W3CTraceContextPropagator();
  const kinds = {
    internal: SpanKind.INTERNAL,
    server: SpanKind.SERVER,
    client: SpanKind.CLIENT,
    producer: SpanKind.PRODUCER,
  };
  const begin: BeginSpan = (name, { kind = 'internal', attributes, parent }) => {
    const context = propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter);
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, context);
    const carrier = { traceparent: '' };
    propagator.inject(trace.setSpan(context, span), carrier, defaultTextMapSetter);
    return {
      traceparent: carrier.traceparent,
      end: (more = {}, failure) => {
        span.setAttributes(more);
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span.end();
      },
    };
  };
  return { begin, close: () => provider.shutdown() };
}
