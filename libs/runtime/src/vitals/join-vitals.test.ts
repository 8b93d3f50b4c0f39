import { expect, test } from 'vitest'
import { joinVitals } from './join-vitals.js'
import { makeVitals } from './vitals.js'

function twoPipelines() {
  const flights = makeVitals({ pipeline: 'flights' }, { ofProcess: false })
  const parcels = makeVitals({ pipeline: 'parcels' }, { ofProcess: false })
  return {
    flights,
    parcels,
    joined: joinVitals(
      new Map([
        ['flights', flights],
        ['parcels', parcels],
      ]),
    ),
  }
}

test('a process is ready when every pipeline is, and its readiness lists each', async () => {
  const { flights, parcels, joined } = twoPipelines()
  flights.check('ingest', 'model', () => ({ ok: true, detail: 'm1' }))
  let isUp = true
  parcels.check('ingest', 'kafka', () => ({ ok: isUp, detail: isUp ? 'answered' : 'down' }))
  expect(await joined.readiness()).toMatchObject({ ready: true })
  isUp = false
  expect(await joined.readiness()).toEqual({
    ready: false,
    pipelines: {
      flights: { ready: true, checks: { ingest: { model: { ok: true, detail: 'm1' } } } },
      parcels: { ready: false, checks: { ingest: { kafka: { ok: false, detail: 'down' } } } },
    },
  })
})

test('series of one name are grouped, each with the label of its pipeline; metrics of the process appear once', async () => {
  const { flights, parcels, joined } = twoPipelines()
  flights.metrics.counter('outflow_records_total', 'Records', ['topic']).inc({ topic: 'a' }, 2)
  parcels.metrics.counter('outflow_records_total', 'Records', ['topic']).inc({ topic: 'b' }, 3)
  parcels.metrics.gauge('outflow_outbox_rows', 'Rows').set(7)
  const text = await joined.metrics.text()
  expect(text).toContain(
    [
      '# HELP outflow_records_total Records',
      '# TYPE outflow_records_total counter',
      'outflow_records_total{topic="a",pipeline="flights"} 2',
      'outflow_records_total{topic="b",pipeline="parcels"} 3',
      '',
    ].join('\n'),
  )
  expect(text).toContain('outflow_outbox_rows{pipeline="parcels"} 7')
  expect(text.match(/^process_cpu_seconds_total.*$/gm)).toHaveLength(1)
  expect(text.match(/^# HELP (\S+)/gm)).toHaveLength(new Set(text.match(/^# HELP (\S+)/gm)).size)
})
