import { AsyncLocalStorage } from 'node:async_hooks';
import { type Attributes } from '@opentelemetry/api';
import { type BeginSpan, type OpenSpan, type SpanOptions } from './span.js';

const current = new AsyncLocalStorage<OpenSpan>();
/** Undefined while no traces are exported: spans then cost one comparison. */
let begin: BeginSpan | undefined;

/**
 * Exports the spans of this process from now on. Loads OpenTelemetry only then.
 * @param endpoint base URL of an OTLP receiver
 * @param service name of this process in the traces
 * @returns a function that sends the remaining spans, and stops
 */
export async function startTracing(endpoint: string, service: string): Promise<() => Promise<void>> {
  const { openTraceExporter } = await import('./trace-exporter.js');
  const exporter = await openTraceExporter(endpoint, service);
  begin = exporter.begin;
  return async () => {
    begin = undefined;
    await exporter.close();
  };
}

/** Begins a span that the caller ends; undefined while no traces are exported. */
export function beginSpan(name: string, options: SpanOptions = {}): OpenSpan | undefined {
  return begin?.(name, { ...options, parent: options.parent ?? currentTraceparent() });
}

/** Runs work whose spans belong to this one. */
export function within<T>(span: OpenSpan, work: () => T): T {
  return current.run(span, work);
}

/** The `traceparent` of the span that the current calls belong to, if any. */
export function currentTraceparent(): string | undefined {
  return current.getStore()?.traceparent;
}

/** Begins a span of work that belongs to another; undefined for work on its own, such as a poll. */
export function beginInnerSpan(name: string): OpenSpan | undefined {
  return begin && current.getStore() ? beginSpan(name) : undefined;
}

/** Runs work whose spans belong to this one, and ends it with the work. */
export async function spanning<T>(span: OpenSpan, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  try {
    const result = await within(span, work);
    span.end(attributes);
    return result;
  } catch (error) {
    span.end(attributes, (error as Error).name);
    throw error;
  }
}
