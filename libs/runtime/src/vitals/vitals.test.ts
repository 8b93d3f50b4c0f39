import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test, vi } from 'vitest'
import { HealthAddressUnavailable } from '../errors.js'
import { serveVitals } from './serve-vitals.js'
import { makeVitals, type Vitals } from './vitals.js'

const servers: Awaited<ReturnType<typeof serveVitals>>[] = []
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serving(vitals: Vitals): Promise<string> {
  const server = await serveVitals(vitals, { host: '127.0.0.1', port: 0 })
  servers.push(server)
  return server.url
}

test('a process is ready when every check of every service is', async () => {
  const vitals = makeVitals()
  vitals.check('ingest', 'postgres', () => ({ ok: true, detail: 'answered' }))
  let model = false
  vitals.check('ingest', 'model', async () => ({ ok: model, detail: model ? 'm1' : 'waiting for the first model' }))
  const url = await serving(vitals)

  const before = await fetch(`${url}/readyz`)
  expect(before.status).toBe(503)
  expect(await before.json()).toEqual({
    ready: false,
    checks: {
      ingest: {
        postgres: { ok: true, detail: 'answered' },
        model: { ok: false, detail: 'waiting for the first model' },
      },
    },
  })

  model = true
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('a process that has no checks yet is not ready', async () => {
  expect(await makeVitals().readiness()).toEqual({ ready: false, checks: {} })
})

test('a process is not ready before each of its services has added a check', async () => {
  const vitals = makeVitals()
  vitals.expect(['ingest', 'console'])
  vitals.check('ingest', 'postgres', () => ({ ok: true, detail: 'answered' }))
  expect(await vitals.readiness()).toMatchObject({ ready: false, checks: { ingest: {}, console: {} } })
  vitals.check('console', 'postgres', () => ({ ok: true, detail: 'answered' }))
  expect(await vitals.readiness()).toMatchObject({ ready: true })
})

test('a process that is not ready is still alive', async () => {
  const vitals = makeVitals()
  vitals.check('ingest', 'kafka', () => ({ ok: false, detail: 'no broker' }))
  expect((await fetch(`${await serving(vitals)}/healthz`)).status).toBe(200)
})

test('a check that throws has failed, with the message of its error', async () => {
  const vitals = makeVitals()
  vitals.check('alerts', 'kafka', () => Promise.reject(new Error('connection refused')))
  expect(await vitals.readiness()).toMatchObject({
    ready: false,
    checks: { alerts: { kafka: { detail: 'connection refused' } } },
  })
})

test('a check that never answers has failed after two seconds', async () => {
  vi.useFakeTimers()
  const vitals = makeVitals()
  vitals.check('alerts', 'kafka', () => new Promise(() => {}))
  const readiness = vitals.readiness()
  await vi.advanceTimersByTimeAsync(2_000)
  expect((await readiness).checks.alerts?.kafka).toEqual({ ok: false, detail: 'no answer within 2 s' })
})

test('a removed check is not run', async () => {
  const vitals = makeVitals()
  const remove = vitals.check('trainer', 'postgres', () => ({ ok: false, detail: 'gone' }))
  remove()
  expect((await vitals.readiness()).checks).toEqual({})
})

test('metrics have the labels of the process, and include those of the process itself', async () => {
  const vitals = makeVitals({ pipeline: 'flights' })
  vitals.metrics.counter('outflow_records_total', 'Records received', ['topic']).inc({ topic: 'flights' }, 3)
  const response = await fetch(`${await serving(vitals)}/metrics`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('text/plain')
  expect(text).toContain('outflow_records_total{topic="flights",pipeline="flights"} 3')
  expect(text).toContain('process_cpu_user_seconds_total')
})

test('a gauge that is read at the scrape is NaN when reading fails, and the other metrics are complete', async () => {
  const { metrics } = makeVitals()
  metrics.gaugeOf('outflow_outbox_rows', 'Rows that wait', async () => 3)
  metrics.gaugeOf('outflow_model_age_seconds', 'Age', () => Promise.reject(new Error('down')))
  const text = await metrics.text()
  expect(text).toContain('outflow_outbox_rows 3')
  expect(text).toMatch(/outflow_model_age_seconds nan/i)
})

test('other paths and methods are answered with 404, and a failure to read the metrics with 500', async () => {
  const vitals = makeVitals()
  const url = await serving({
    ...vitals,
    metrics: { ...vitals.metrics, text: () => Promise.reject(new Error('down')) },
  })
  const statusOf = async (path: string, method = 'GET') => (await fetch(`${url}${path}`, { method })).status

  expect(await statusOf('/healthz?verbose')).toBe(200)
  expect(await statusOf('/healthz', 'HEAD')).toBe(200)
  expect(await statusOf('/healthz', 'POST')).toBe(404)
  expect(await statusOf('/')).toBe(404)
  expect(await statusOf('/metrics')).toBe(500)
})

test('throws for a port in use, with the address and the fix', async () => {
  const vitals = makeVitals()
  const taken = Number(new URL(await serving(vitals)).port)
  const second = serveVitals(vitals, { host: '127.0.0.1', port: taken })
  await expect(second).rejects.toThrow(HealthAddressUnavailable)
  await expect(second).rejects.toThrow(new RegExp(`127.0.0.1:${taken}: another process uses the port`))
})

test.each([
  ['header', 'GET /readyz HTTP/1.1\r\nhost: localhost\r\n'],
  ['body', 'POST /readyz HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'],
])('issue 17.28: the connection of a request whose %s is not received in time is closed', async (_, begun) => {
  const server = await serveVitals(makeVitals(), { host: '127.0.0.1', port: 0 }, 50)
  servers.push(server)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(begun)
  expect(await text(socket)).not.toContain('HTTP/1.1 2')
})
