import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Tracing } from './span.js'
import { inSpan, openTracing } from './tracing.js'

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code: number; readonly message?: string }
  readonly events: readonly { readonly name: string }[]
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: unknown }[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

let collector: Server
let received: { path: string; body: OtlpRequest }[]
beforeEach(async () => {
  received = []
  collector = createServer(async (request, response) => {
    received.push({ path: request.url!, body: (await json(request)) as OtlpRequest })
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await once(collector.listen(0, '127.0.0.1'), 'listening')
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await new Promise((resolve) => collector.close(resolve))
})

/** The spans that the collector has received once tracing is closed. */
async function sent(work: (tracing: Tracing) => unknown): Promise<readonly OtlpSpan[]> {
  const tracing = (await openTracing('ingest'))!
  await work(tracing)
  await tracing.close()
  return received.flatMap(({ body }) =>
    body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  )
}

const traceparent = (index: number) => `00-${String(index).padStart(32, '1')}-${String(index).padStart(16, '2')}-01`
const aStart = { kind: 'CONSUMER', attributes: { 'outflow.pipeline': 'flights' } } as const

describe('tracing', () => {
  it.each([
    ['no endpoint is named', 'OTEL_EXPORTER_OTLP_ENDPOINT', ''],
    ['the SDK is disabled', 'OTEL_SDK_DISABLED', 'true'],
    ['traces have no exporter', 'OTEL_TRACES_EXPORTER', 'none'],
  ])('is off where %s, and functions run without spans', async (_, name, value) => {
    vi.stubEnv(name, value)
    const tracing = await openTracing('ingest')
    expect(tracing).toBeNull()
    const start = vi.fn()
    expect(await inSpan(tracing, 'fit', start, async () => 7)).toBe(7)
    expect(start).not.toHaveBeenCalled()
  })

  it('sends a span with its service, attributes and start time to the standard path', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
    const [span] = await sent((tracing) =>
      tracing
        .begin('process flights', { ...aStart, startedAtMs: 1_700_000_000_123 })
        .end({ 'outflow.outcome': 'written' }),
    )
    expect(span).toMatchObject({
      name: 'process flights',
      kind: 5,
      startTimeUnixNano: '1700000000123000000',
      links: [],
    })
    expect(span!.parentSpanId ?? '').toBe('')
    expect(span!.attributes).toEqual([
      { key: 'outflow.pipeline', value: { stringValue: 'flights' } },
      { key: 'outflow.outcome', value: { stringValue: 'written' } },
    ])
    expect(received[0]!.path).toBe('/v1/traces')
    expect(received[0]!.body.resourceSpans[0]!.resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'service.name', value: { stringValue: 'outflow-ingest' } },
        { key: 'deployment.environment.name', value: { stringValue: 'test' } },
      ]),
    )
  })

  it('links to its parent traces: each once, only well-formed ones, at most 32', async () => {
    const causes = [
      'rubbish',
      `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`,
      ...Array.from({ length: 40 }, (_, index) => traceparent(1 + (index % 35))),
    ]
    const [span] = await sent((tracing) => tracing.begin('process flights', { ...aStart, causes }).end())
    expect(span!.links).toHaveLength(32)
    expect(span!.links[0]).toMatchObject({ traceId: traceparent(1).slice(3, 35), spanId: traceparent(1).slice(36, 52) })
  })

  it('returns its context in the form in which it accepts parent traces', async () => {
    let own = ''
    const [first, second] = await sent((tracing) => {
      const span = tracing.begin('process flights', aStart)
      own = span.traceparent
      span.end()
      tracing.begin('send outbox', { ...aStart, causes: [own] }).end()
    })
    expect(own).toBe(`00-${first!.traceId}-${first!.spanId}-01`)
    expect(second!.links).toMatchObject([{ traceId: first!.traceId, spanId: first!.spanId }])
  })

  it('records a failure, and throws the same error', async () => {
    const [span] = await sent((tracing) =>
      expect(
        inSpan(
          tracing,
          'fit',
          () => aStart,
          () => Promise.reject(new Error('diverged')),
        ),
      ).rejects.toThrow('diverged'),
    )
    expect(span).toMatchObject({ status: { code: 2, message: 'diverged' }, events: [{ name: 'exception' }] })
  })

  it('closes within seconds and without an error if no collector answers', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
    const tracing = (await openTracing('ingest'))!
    tracing.begin('process flights', aStart).end()
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const closed = tracing.close()
    await vi.advanceTimersByTimeAsync(4_000)
    vi.useRealTimers()
    await closed
  })
})
