import { openDetector, trainDetector, withDetector } from '@outflow/detector'
import { makeDecoder } from '@outflow/records'
import { type Log, makeMetrics } from '@outflow/runtime'
import { expect, test, vi } from 'vitest'
import { type Flight, loadFlights } from '../../services/demo/src/flights/flights.js'
import { passGate } from '../../services/trainer/src/fit/gate.js'
import { trainOnce } from '../../services/trainer/src/fit/train-once.js'
import { makeTelemetry } from '../../services/trainer/src/telemetry.js'
import { FLIGHT_FEATURES, fieldsOf } from '../bench/flight-fields.js'
import { configWith } from '../support/config-with.js'

const ALERT_RATE = 0.001
const config = configWith({
  features: FLIGHT_FEATURES,
  model: { layers: 2, hidden: [8] },
  detection: { alertRate: ALERT_RATE },
})
const HOUR_MS = 3_600_000

/** 20 flights from ATL within two hours, 8 to 65 hours late: a thousandth of the window. */
function incident(flights: readonly Flight[], startMs: number): Flight[] {
  const fromAtlanta = flights.filter(({ origin }) => origin === 'ATL')
  return Array.from({ length: 20 }, (_, index) => ({
    ...fromAtlanta[31 * index]!,
    date: new Date(startMs + (index * 2 * HOUR_MS) / 20).toISOString(),
    delay: (8 + 3 * index) * 60,
  }))
}

test('issue 20: the first model finds the incident in its own training window, and the span is logged', async () => {
  const flights = loadFlights()
  const startMs = Date.parse('2001-02-20T12:00:00Z')
  const late = incident(flights, startMs)
  const history = [...flights, ...late].toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date))
  const artefacts: Uint8Array[] = []
  const telemetry = vi.mockObject(makeTelemetry({} as Log, makeMetrics(), config.detection))
  const outcome = await trainOnce({
    config,
    decoder: makeDecoder(config.source),
    because: 'no model',
    fromMs: 0,
    offsets: history.length,
    fewest: config.training.minRows,
    effects: {
      readWindow: async ({ keep }) => ({
        records: history.map((flight, index) =>
          keep({
            topic: 'flights',
            partition: 0,
            offset: BigInt(index),
            timestampMs: Date.parse(flight.date),
            key: null,
            value: Buffer.from(JSON.stringify(flight)),
            headers: [],
          }),
        ),
        seen: history.length,
        isCutShort: false,
      }),
      incumbent: async () => null,
      leftOut: async () => ({ confirmed: new Set(), spans: [] }),
      openReport: async () => '1',
      noteStep: async () => {},
      closeReport: async () => {},
      train: (input) => trainDetector({ ...input, maxSteps: 400 }),
      score: (artefact, records) => withDetector(artefact, async (detector) => (await detector.score(records)).nll),
      passGate: (options) => passGate({ ...options, open: openDetector }),
      isNewest: async () => true,
      store: async ({ artefact }) => {
        artefacts.push(artefact)
        return 'candidate'
      },
      promote: async () => 'promoted',
      failGate: async () => {},
    },
    telemetry,
    signal: new AbortController().signal,
  })
  expect(outcome).toEqual({ became: 'promoted' })

  expect(telemetry.burstFound).toHaveBeenCalledTimes(1)
  const [{ from, to }, , isLeftOut] = telemetry.burstFound.mock.calls[0]!
  expect(isLeftOut).toBe(true)
  expect(Date.parse(from)).toBeLessThanOrEqual(startMs)
  expect(Date.parse(to)).toBeGreaterThan(Date.parse(late.at(-1)!.date))

  const detector = await openDetector(artefacts[0]!)
  const found = async (of: readonly Flight[]) => {
    const { pValue } = await detector.score(of.map(fieldsOf))
    return pValue.filter((own) => own <= ALERT_RATE).length
  }
  expect(await found(late)).toBeGreaterThanOrEqual(16)
  expect(await found(flights)).toBeLessThanOrEqual(2 * ALERT_RATE * flights.length)
  await detector.close()
})
