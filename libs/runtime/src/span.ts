import type { SpanKind } from '@opentelemetry/api'

/** Traces of what a service does, sent by OTLP. */
export interface Tracing {
  /** Begins a span that has no parent: work on a batch belongs to many traces, and is linked to them. */
  begin(name: string, span: SpanStart): OpenSpan
  /** Sends what is left, for as long as a drain may wait for it. */
  close(): Promise<void>
}

export interface SpanStart {
  readonly kind: keyof typeof SpanKind
  readonly attributes: Attributes
  /** Epoch ms; default: now. */
  readonly startedAtMs?: number
  /** W3C `traceparent`s of what led here; those beyond the first 32, repeated ones and malformed ones are passed over. */
  readonly causes?: Iterable<string>
}

export interface OpenSpan {
  /** W3C trace context of the span, for those whom it causes. */
  readonly traceparent: string
  /** @param error  why it failed; absent: it did not */
  end(attributes?: Attributes, error?: Error): void
}

export type Attributes = Readonly<Record<string, string | number | boolean>>
