import { type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Tracing } from './span.js'

/** A batch can have thousands of parent traces, and links to all of them would make its span too large. */
const MOST_LINKS = 32
/** Part of the 10 s of a drain. Spans that the collector has not accepted by then are lost; no result depends on them. */
const CLOSE_MS = 2_000

/** Opens tracing by the environment variables, which the SDK reads. */
export function openOtlp(service: string): Tracing {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': `outflow-${service}` }))
    .merge(detectResources({ detectors: [envDetector] }))
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('outflow')
  return {
    begin: (name, { kind, attributes, startedAtMs, causes = [] }) => {
      const span = tracer.startSpan(
        name,
        {
          kind: SpanKind[kind],
          attributes,
          links: linksTo(causes),
          root: true,
          ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
        },
        ROOT_CONTEXT,
      )
      const { traceId, spanId, traceFlags } = span.spanContext()
      return {
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
        end: (results = {}, error) => {
          span.setAttributes(results)
          if (error) {
            span.recordException(error)
            span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
          }
          span.end()
        },
      }
    },
    close: () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
      // A service does not fail if a collector rejects the last spans.
      return Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

function linksTo(causes: Iterable<string>): Link[] {
  const links = new Map<string, Link>()
  for (const cause of causes) {
    if (links.size === MOST_LINKS) break
    const context = links.has(cause) ? null : parseTraceParent(cause)
    if (context) links.set(cause, { context: { ...context, isRemote: true } })
  }
  return [...links.values()]
}
