import { PassThrough } from 'node:stream'
import { whyNoModelAndFix } from '@outflow/store/training'
import { makeTerminal } from '@outflow/terminal'
import { describe, expect, it, vi } from 'vitest'
import { describeStatus } from './status/describe-status.js'
import { type Reading, rateBetween } from './status/reading.js'
import { sparkline, withScreen } from './top.js'

const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 160 }) as unknown as NodeJS.WriteStream & {
  fd: 1 & 2
}
const plain = makeTerminal({ stdout: stream, stderr: stream, env: { NO_COLOR: '1' } })
const AT = new Date('2026-01-31T08:00:00Z')
const before = (seconds: number) => new Date(AT.getTime() - seconds * 1_000)

const aReading = (overrides: Partial<Reading> = {}): Reading => ({
  pipeline: 'flights',
  at: AT,
  received: 20_020,
  scored: 20_000,
  rejected: 20,
  anomalies: 94,
  lastWrite: before(1),
  modelId: '9631946a-0000',
  modelTrainedAt: before(7_200),
  isModelDamaged: false,
  anomaliesLastHour: 12,
  deadLettersLastDay: 20,
  waiting: 0,
  waitingSince: null,
  lag: 1_234,
  lagUnknown: null,
  unreachable: null,
  provisional: null,
  whyNoModel: null,
  whyNoNewerModel: null,
  drift: null,
  healthEvents: [],
  recordsPerSecond: 1_499.6,
  ...overrides,
})

const shown = (overrides: Partial<Reading> = {}) => describeStatus([aReading(overrides)], plain)

describe('describeStatus', () => {
  it('prints only one row per pipeline while there are no problems', () => {
    const lines = shown().split('\n')
    expect(lines).toHaveLength(4)
    const cells = lines[2]!.split('│').map((cell) => cell.trim())
    expect(cells.slice(1, -1)).toEqual([
      'flights',
      '1,500',
      '1,234',
      '20,000',
      '9631946a, 2 h old',
      '12',
      '0',
      '20',
      'none, 24 h',
    ])
  })

  it.each<[string, Partial<Reading>, string]>([
    [
      'an ingest that is down',
      { lastWrite: before(300) },
      'nothing was written for 5 min and records wait: is ingest running? If so, outflow doctor or the log of ingest has the reason',
    ],
    [
      'an ingest that has not run yet',
      { lastWrite: null },
      'nothing was written yet and records wait: is ingest running? If so, outflow doctor or the log of ingest has the reason',
    ],
    [
      'a relay that is down',
      { waiting: 3, waitingSince: before(600) },
      'the oldest message waits for 10 min: is alerts running?',
    ],
    [
      'a provisional model',
      { provisional: 'provisional model (180 records); the next fit gives a full model' },
      'provisional model (180 records); the next fit gives a full model',
    ],
    [
      'a damaged model (status named it as if it scored)',
      { isModelDamaged: true },
      'the active model is damaged: ingest scores with an earlier one, or waits; fit another: outflow retrain',
    ],
    [
      'no model',
      {
        modelId: null,
        modelTrainedAt: null,
        whyNoModel: whyNoModelAndFix({ beatAgeMs: null, waitingFor: null, lastFit: null }),
      },
      'no model: no trainer runs; start one: outflow run trainer',
    ],
    [
      'features for which no model can be fitted',
      {
        whyNoNewerModel: 'no model with the features of the configuration: training window: 9 records read, 9 rejected',
      },
      'no model with the features of the configuration: training window: 9 records read, 9 rejected',
    ],
    [
      'a model with which no record can be an anomaly (issue 17.10)',
      { unreachable: 'no record can be an anomaly' },
      'no record can be an anomaly',
    ],
    [
      'a broker that is down',
      { lag: null, lagUnknown: 'Kafka is not available' },
      'lag unknown: Kafka is not available',
    ],
  ])('reports %s', (_, overrides, remark) => {
    expect(shown(overrides).split('\n').slice(4)).toEqual([`flights: ${remark}`])
  })

  it('reports drift and the fields that changed', () => {
    const fields = [{ field: 'delay', nats: 0.5 }]
    const drift = {
      modelId: 'm',
      chart: 'less likely',
      statistic: 9,
      changedAt: AT,
      raisedAt: AT,
      notedAt: before(90),
      fields,
    }
    expect(shown({ drift })).toMatch(/│ less likely, 90 s ago │\n.*\nflights: drift moved delay by 0\.50 nats$/)
  })

  it('reports open health events, except those that other lines state', () => {
    const opened = (kind: string, detail: string) => ({
      id: '1',
      kind,
      detail,
      modelId: null,
      begunAt: AT,
      endedAt: null,
    })
    const healthEvents = [
      opened('no_model', 'no model is active'),
      opened('records_rejected', '645 of the last 3000 records were rejected, most of them for missing_field'),
      opened('drift', 'the scores have drifted'),
    ]
    expect(shown({ healthEvents }).split('\n').slice(4)).toEqual([
      'flights: records_rejected: 645 of the last 3000 records were rejected, most of them for missing_field',
    ])
  })

  it('reports no problem when ingest has nothing to read', () => {
    expect(shown({ lag: 0, lastWrite: before(9_000) }).split('\n')).toHaveLength(4)
  })
})

it('a rate is the number of records between two readings, and 0 if offsets were deleted', () => {
  const earlier = aReading({ at: before(2), received: 20_000 })
  expect(rateBetween(earlier, aReading())).toBe(10)
  expect(rateBetween(earlier, aReading({ received: 5 }))).toBe(0)
  expect(rateBetween(aReading(), aReading())).toBe(0)
})

it('a sparkline has bars from 0 to the largest value', () => {
  expect(sparkline([0, 700, 350])).toBe('▁█▅  at most 700')
  expect(sparkline([0, 0])).toBe('▁▁  at most 0')
})

describe('withScreen', () => {
  function aTerminal(isTTY: boolean) {
    const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: vi.fn() })
    const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
    const options = { stdin, stdout, env: {}, signal: new AbortController().signal } as unknown as Parameters<
      typeof withScreen
    >[0]
    return { stdin, written: () => String(stdout.read() ?? ''), options }
  }

  it.each(['q', 'Q', '\x03'])('closes on %j, and restores the terminal', async (key) => {
    const { stdin, written, options } = aTerminal(true)
    await withScreen(options, async ({ closed, draw }) => {
      draw('one')
      stdin.write(key)
      await vi.waitFor(() => expect(closed.aborted).toBe(true))
    })
    expect(written()).toBe('\x1b[?25l\x1b[?7l\x1b[0Jone\n\x1b[?7h\x1b[?25h')
    expect(stdin.setRawMode.mock.calls).toEqual([[true], [false]])
  })

  it.each(['q', '\x03'])('closes on %j while a server does not answer (it waited for the answer)', async (key) => {
    const { stdin, options } = aTerminal(true)
    await withScreen(options, async () => {
      stdin.write(key)
      await new Promise(() => {})
    })
    expect(stdin.setRawMode.mock.calls).toEqual([[true], [false]])
  })

  it('restores the terminal when the work fails', async () => {
    const { stdin, written, options } = aTerminal(true)
    const failing = withScreen(options, async ({ draw }) => {
      draw('one')
      throw new Error('unavailable')
    })
    await expect(failing).rejects.toThrow('unavailable')
    expect(written()).toContain('\x1b[?25h')
    expect(stdin.setRawMode.mock.calls).toEqual([[true], [false]])
  })

  it('writes plain text if stdout is not a terminal', async () => {
    const { stdin, written, options } = aTerminal(false)
    await withScreen(options, async ({ draw }) => draw('one'))
    expect(written()).toBe('one\n')
    expect(stdin.setRawMode).not.toHaveBeenCalled()
  })
})
