import { type Attributes } from '@opentelemetry/api';

/** How a span begins. */
export interface SpanOptions {
  /** `internal` unless given. */
  kind?: 'internal' | 'server' | 'client' | 'producer';
  attributes?: Attributes;
  /** The `traceparent` (W3C) of the span that this one belongs to; that of the current calls unless given. */
  parent?: string;
}

/** A span that has begun. */
export interface OpenSpan {
  /** Names this span to others, as the header of that name. */
  readonly traceparent: string;
  /** Ends it. @param failure the reason why the measured work has failed */
  end(attributes?: Attributes, failure?: string): void;
}

export type BeginSpan = (name: string, options: SpanOptions) => OpenSpan;
