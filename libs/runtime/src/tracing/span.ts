import type { SpanKind } from '@opentelemetry/api'

/** Sends spans of the work of a service by OTLP. */
export interface Tracing {
  /** Begins a span without a parent: the work on a batch belongs to many traces, to which the span is linked. */
  begin(name: string, span: SpanStart): OpenSpan
  /** Sends the remaining spans, within the time that a drain allows for it. */
  close(): Promise<void>
}

export interface SpanStart {
  readonly kind: keyof typeof SpanKind
  readonly attributes: Attributes
  /** Epoch ms; default: now. */
  readonly startedAtMs?: number
  /** W3C `traceparent`s of the parent traces; repeated and malformed ones, and those beyond the first 32, are ignored. */
  readonly causes?: Iterable<string>
}

export interface OpenSpan {
  /** W3C trace context of the span, for downstream consumers. */
  readonly traceparent: string
  /** @param error  why the work failed; absent if it succeeded */
  end(attributes?: Attributes, error?: Error): void
}

type Attributes = Readonly<Record<string, string | number | boolean>>
