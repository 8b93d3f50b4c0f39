import type { SpanStart, Tracing } from './span.js'

/**
 * Opens tracing if the standard environment variables enable it: `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, unless `OTEL_SDK_DISABLED=true` or `OTEL_TRACES_EXPORTER=none`. The standard
 * variables also set headers, timeout, sampler, service name and resource attributes. Spans are sent as OTLP/HTTP in JSON.
 *
 * @returns null if tracing is off; OpenTelemetry is then not loaded
 * @see OpenTelemetry, Environment Variable Specification
 */
export async function openTracing(service: string): Promise<Tracing | null> {
  const { env } = process
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT
  if (!endpoint || env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return null
  return (await import('./otlp-tracing.js')).openOtlp(service)
}

/** Runs a function, inside a span if tracing is on. */
export async function inSpan<T>(
  tracing: Tracing | null,
  name: string,
  start: () => SpanStart,
  work: () => Promise<T>,
): Promise<T> {
  if (tracing === null) return work()
  const span = tracing.begin(name, start())
  try {
    const result = await work()
    span.end()
    return result
  } catch (thrown: unknown) {
    span.end({}, thrown instanceof Error ? thrown : new Error(String(thrown)))
    throw thrown
  }
}
