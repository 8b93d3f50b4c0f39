import { type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Tracing } from './span.js'

/** A batch has up to thousands of causes; a span that links to them all is larger than the work it describes. */
const MOST_LINKS = 32
/** Of the 10 s of a drain. What a collector that is away did not take by then is lost: traces are for looking. */
const CLOSE_MS = 2_000

/** Tracing by the variables of the process, which the SDK reads itself. */
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
        end: (found = {}, error) => {
          span.setAttributes(found)
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
      // A collector that refused the last spans is no reason for a service to fail.
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
