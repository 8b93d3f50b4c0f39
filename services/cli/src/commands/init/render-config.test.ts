import { type Config, parseConfig } from '@outflow/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { lookAtRecords } from './look-at-records.js'
import { type Origin, renderConfig, topicOfFile } from './render-config.js'

const ORIGIN: Origin = {
  from: 'the 200 records of orders.csv',
  topic: 'orders',
  format: { value: 'json', why: 'as all records seen are' },
  isKeyed: false,
  connection: {
    kafka: { brokers: '127.0.0.1:9092' },
    postgres: { url: '$' + '{DATABASE_URL}' },
    source: {},
  },
  recordsPerDay: null,
  silence: null,
}
const ENVIRONMENT = { DATABASE_URL: 'postgres://127.0.0.1:5432/outflow' }

function propose(records: readonly Record<string, unknown>[], origin: Partial<Origin> = {}) {
  const text = renderConfig(lookAtRecords([records]), { ...ORIGIN, ...origin })
  return { text, config: parseConfig(parse(text), ENVIRONMENT) }
}

/** Orders of twenty shops, one per hour. */
const orders = Array.from({ length: 200 }, (_, index) => ({
  id: `order-${index}`,
  at: new Date(Date.UTC(2026, 0, 1, index)).toISOString(),
  shop: { name: `shop ${index % 20}` },
  'paid: in # all': 10 ** ((index % 60) / 10),
  weight: 1 + ((index * 7) % 50),
  note: index % 4 === 0 ? null : ['gift', 'plain', 'odd'][index % 3],
  ...(index % 5 === 0 ? {} : { miles: index % 11 }),
}))

const featureAt = (config: Config, path: string) =>
  config.features.find((feature) => 'path' in feature && feature.path === path)

describe('renderConfig', () => {
  it('proposes the largest alert rate that gives at most 20 alerts a day, and states their number', () => {
    const proposed = (recordsPerDay: number) => {
      const { text, config } = propose(orders, { recordsPerDay })
      return { rate: config.detection.alertRate, why: /^detection:.*# (.*)$/m.exec(text)![1] }
    }
    expect(proposed(118_234)).toEqual({
      rate: 0.0001,
      why: 'share of normal records that may be anomalies: about 12 alerts a day, at 120,000 records a day',
    })
    expect(proposed(300).rate).toBe(0.01)
    expect(proposed(86_400_000)).toEqual({ rate: 0.00001, why: expect.stringContaining('about 860 alerts a day') })
  })

  it('quotes columns named y, no and on, which Helm would read as booleans', () => {
    const source = { csv: { columns: ['x', 'y', 'no', 'on'] } }
    const { text } = propose(orders, {
      format: { value: 'csv', why: '' },
      connection: { ...ORIGIN.connection, source },
    })
    expect(parse(text, { version: '1.1' }).source.csv.columns).toEqual(['x', 'y', 'no', 'on'])
  })

  it('states a value that probably stands for missing numbers', () => {
    const { text } = propose(orders.map((order, index) => (index % 9 === 0 ? { ...order, weight: -999 } : order)))
    expect(text).toMatch(
      /path: \$\.weight, type: numeric \} +# −999 is far from all others: leave it empty if it means missing/,
    )
  })

  it('proposes the time that advances from record to record as the timestamp (a birthday was proposed)', () => {
    const people = orders.map((order, index) => ({
      born: `19${50 + ((index * 37) % 50)}-06-01`,
      delivery: new Date(Date.UTC(2026, 0, 1, index + ((index * 37) % 90))).toISOString(),
      ...order,
    }))
    expect(propose(people).config.source.timestamp).toBe('$.at')
    expect(propose(people).text).toContain('; or $.born, $.delivery')
    const unordered = people.map(({ at: _, ...person }) => person)
    expect(propose(unordered).config.source.timestamp).toBe('$.born')
    expect(propose(unordered).text).toContain(
      'in no order: remove it if it is not the time of the event; or $.delivery',
    )
  })

  it('proposes a time rather than its date as the timestamp (the date was proposed if it came first)', () => {
    const days = Array.from({ length: 900 }, (_, index) => {
      const at = new Date(Date.UTC(2026, 0, 1, index)).toISOString()
      return { day: at.slice(0, 10), at, miles: (index * 37) % 101 }
    })
    expect(propose(days).config.source.timestamp).toBe('$.at')
    expect(propose(days.map(({ at: _, ...rest }) => rest)).config.source.timestamp).toBe('$.day')
  })

  it('proposes no id of ten digits as the timestamp of records that have a time (ids in the range of epoch seconds were proposed)', () => {
    const numbered = orders.map((order, index) => ({ invoice: 1_700_000_000 + 977 * index, ...order }))
    expect(propose(numbered).config.source.timestamp).toBe('$.at')
    expect(propose(numbered).text).toContain('; or $.invoice')
  })

  it('proposes a time in epoch seconds rather than its date (the date was proposed)', () => {
    const days = Array.from({ length: 900 }, (_, index) => {
      const ms = Date.UTC(2026, 0, 1, index)
      return { day: new Date(ms).toISOString().slice(0, 10), ts: ms / 1_000, miles: (index * 37) % 101 }
    })
    expect(propose(days).config.source.timestamp).toBe('$.ts')
    const numbered = days.map(({ ts: _, ...rest }, index) => ({ ...rest, invoice: 1_700_000_000 + 977 * index }))
    expect(propose(numbered).config.source.timestamp).toBe('$.day')
  })

  it('proposes a training window that reaches the records of a topic without new ones', () => {
    const { text, config } = propose(orders, { silence: { days: 40.2, sampleDays: 44.9 } })
    expect(config.training).toMatchObject({ window: 90 * 86_400_000, minRows: 100 })
    expect(text).toContain('the last record is 40 days old')
  })

  it('proposes a training window with twice minRows records, at any rate of a slow topic', () => {
    const proposed = (recordsPerDay: number | null) => {
      const { window, minRows } = propose(orders, { recordsPerDay }).config.training
      return { days: window / 86_400_000, minRows }
    }
    expect(proposed(null)).toEqual({ days: 1, minRows: 2_000 })
    expect(proposed(120_000)).toEqual({ days: 1, minRows: 2_000 })
    expect(proposed(500)).toEqual({ days: 8, minRows: 2_000 })
    expect(proposed(20)).toEqual({ days: 30, minRows: 300 })
    fc.assert(
      fc.property(fc.double({ min: 4, max: 1e6, noNaN: true }), (recordsPerDay) => {
        const { days, minRows } = proposed(recordsPerDay)
        expect(2 * minRows).toBeLessThanOrEqual(days * recordsPerDay)
      }),
      { numRuns: 50 },
    )
  })

  it('writes the connection with which the topic was read', () => {
    const { config } = propose(orders, {
      format: { value: 'avro', why: 'as all records seen are' },
      connection: {
        kafka: {
          brokers: ['a:9093', 'b:9093'],
          tls: { caFile: 'ca.pem' },
          sasl: { mechanism: 'plain', username: 'ada', password: '$' + '{DATABASE_URL}' },
        },
        postgres: ORIGIN.connection.postgres,
        source: { registry: { url: 'https://registry:8081' } },
      },
    })
    expect(config).toMatchObject({
      kafka: {
        brokers: ['a:9093', 'b:9093'],
        tls: { caFile: 'ca.pem' },
        sasl: { mechanism: 'plain', username: 'ada' },
      },
      source: { format: 'avro', registry: { url: 'https://registry:8081' } },
    })
  })

  it('writes the features of the records with their types, and the fields that were left out', () => {
    const { text, config } = propose(orders)
    expect(config).toMatchObject({
      pipeline: 'orders',
      source: { topics: ['orders'], format: 'json', timestamp: '$.at', key: '$.shop.name' },
      alerts: { topic: 'orders.alerts' },
      deadLetters: { topic: 'orders.dead-letters' },
      detection: { alertRate: 0.001 },
    })
    expect(config.features.map(({ type }) => type)).toEqual([
      'cyclic',
      'categorical',
      'numeric',
      'numeric',
      'categorical',
      'numeric',
    ])
    expect(text).toContain('\n  # left out: id, text with 200 values in 200 rows\n')
  })

  it('proposes a log scale for skewed numbers over a decade, and states their range', () => {
    const { text, config } = propose(orders)
    expect(featureAt(config, '$.paid: in # all')).toMatchObject({ scale: 'log' })
    expect(text).toContain('log: from 1 to 794,328, median ')
    expect(featureAt(config, '$.weight')).not.toHaveProperty('scale')
  })

  it('issue 17.3: writes a counter as a commented line, and states the unit of epoch times', () => {
    const from = Date.UTC(2026, 0, 1) / 1e3
    const { text, config } = propose(
      Array.from({ length: 200 }, (_, index) => ({ seq: index, ts: from + 600 * index, load: (index * 37) % 91 })),
    )
    expect(config.source.timestamp).toBe('$.ts')
    expect(config.features.map((feature) => 'path' in feature && feature.path)).toEqual(['$.ts', '$.load'])
    expect(text).toMatch(/\n {2}# - \{ path: \$\.seq, type: numeric \} +# left out: rises from record to record/)
    expect(text).toMatch(/timestamp: \$\.ts +# a time in every record as epoch seconds, 2026-01-01T00:00 to/)
    expect(text).toMatch(/path: \$\.ts, type: cyclic, period: day \} +# epoch seconds/)
  })

  it('issue 17.4: quotes a key with dots, so that the path reads every record', () => {
    const { config } = propose(
      Array.from({ length: 200 }, (_, index) => ({
        'metrics.cpu': (index * 37) % 91,
        'Duration..in.seconds.': index % 7,
      })),
    )
    expect(config.features.map((feature) => 'path' in feature && feature.path)).toEqual([
      '$["metrics.cpu"]',
      '$["Duration..in.seconds."]',
    ])
  })

  it('makes a field optional if some records lack it, and counts empty values', () => {
    const { text, config } = propose(orders)
    expect(featureAt(config, '$.miles')).toMatchObject({ optional: true })
    expect(text).toContain('absent from 40')
    expect(featureAt(config, '$.note')).toMatchObject({ optional: false })
    expect(text).toContain('empty in 50')
  })

  it('proposes epoch milliseconds as the timestamp', () => {
    const { config } = propose(orders.map(({ weight }, index) => ({ weight, ts: 1_767_225_600_000 + index * 999_999 })))
    expect(config.source.timestamp).toBe('$.ts')
    expect(featureAt(config, '$.ts')).toMatchObject({ type: 'cyclic', period: 'day' })
  })

  it('proposes no timestamp or entity field that is empty in some records', () => {
    const { config } = propose(orders.map((order, index) => (index === 9 ? { ...order, at: null, shop: null } : order)))
    expect(config.source).not.toHaveProperty('timestamp')
    expect(config.source).not.toHaveProperty('key')
  })

  it('has the spread of the values before each record, for one value over time', () => {
    const everyFiveMinutes = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        at: new Date(Date.UTC(2026, 0, 1) + index * 300_000).toISOString(),
        load: (index * 37) % 91,
      }))
    const windows = [
      { type: 'window', name: 'load std 4h', aggregate: 'std', of: '$.load', over: '4h', scale: 'log', at: '$.at' },
      { type: 'window', name: 'load std 14h', aggregate: 'std', of: '$.load', over: '14h', scale: 'log', at: '$.at' },
    ]
    const long = propose(everyFiveMinutes(17_280))
    expect(long.config.features).toEqual([
      { type: 'cyclic', path: '$.at', optional: false, period: 'day' },
      { type: 'numeric', path: '$.load', optional: false },
      ...windows.map((window) => ({ ...window, by: 'partition' })),
    ])
    expect(long.config).toMatchObject({ source: { timestamp: '$.at' }, detection: { alertRate: 0.01 } })
    expect(long.config.training.window).toBe(60 * 86_400_000)
    expect(propose(everyFiveMinutes(17_280), { isKeyed: true }).config.features.slice(2)).toEqual(windows)
    // A week is too short for the feature of the hour; the time is still the event time.
    const short = propose(everyFiveMinutes(1_000))
    expect(short.config.features.map(({ type }) => type)).toEqual(['numeric', 'window', 'window'])
    expect(short.config.source.timestamp).toBe('$.at')
    expect(short.config.training.window).toBe(7 * 86_400_000)
  })

  it('proposes no entity field if records have a message key', () => {
    expect(propose(orders, { isKeyed: true }).config.source).not.toHaveProperty('key')
  })

  it('states how many records would be dead letters', () => {
    const { text } = propose(orders.map((order, index) => (index === 8 ? { ...order, weight: 'heavy' } : order)))
    expect(text).toContain('1 would be dead letters: $.weight must be a number')
  })

  it('returns valid YAML for any names and values of the records', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('#', 'a: b', '- x', '{', '"', 'yes', '\n- y'),
    )
    const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constantFrom(null, 'a\n- b', '2026-01-01'))
    // Quoting does not prevent the substitution of `$` and braces.
    const isPlain = (record: object) => !JSON.stringify(record).includes('${')
    const records = fc.array(fc.dictionary(name, value).filter(isPlain), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(records, fc.string(), (some, file) => {
        const twice = [...some, ...some, { flag: true }, { flag: false }, { flag: true }, { flag: false }]
        const { config } = propose(twice, { topic: topicOfFile(file), from: file })
        expect(config.features.length).toBe(lookAtRecords([twice]).columns.length)
      }),
    )
  })
})

it.each([
  ['data/flights.csv.gz', 'flights'],
  ['flights-20k.ndjson', 'flights-20k'],
  ['my orders.csv', 'my-orders'],
  ['.csv', 'records'],
])('names the topic of %s %s', (path, topic) => {
  expect(topicOfFile(path)).toBe(topic)
})
