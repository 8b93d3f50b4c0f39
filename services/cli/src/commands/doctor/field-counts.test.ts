import { configSchema } from '@outflow/contracts'
import { makeDecoder } from '@outflow/records'
import { expect, it } from 'vitest'
import { countFields } from './field-counts.js'

const KAFKA_TIME = Date.UTC(2026, 0, 1)

const configWith = (features: readonly object[], source: object = {}) => ({
  source: configSchema.shape.source.parse({ topics: ['orders'], ...source }),
  features: configSchema.shape.features.parse(features),
})

function findings(config: ReturnType<typeof configWith>, values: readonly string[], timestampMs = KAFKA_TIME) {
  const counts = countFields(config)
  const decoder = makeDecoder(config.source)
  values.forEach((text, index) => {
    const value = Buffer.from(text)
    counts.add({ offset: BigInt(index), timestampMs, key: null, value, headers: [] }, decoder.decode(value))
  })
  return counts.conclude()
}

const amounts = Array.from({ length: 100 }, (_, index) =>
  JSON.stringify({ amount: index, note: index < 96 ? 'x' : {} }),
)

it('issue 17.7: a path that no record has is named with the number of records that lack it', () => {
  const config = configWith([{ path: '$.amout', type: 'numeric' }])
  expect(findings(config, amounts)).toEqual({
    records: 100,
    deadLetters: 100,
    undecodable: 0,
    isFieldUnused: false,
    problems: ['$.amout is absent from all'],
  })
})

it("counts records with Kafka's timestamp outside the years 1 to 9999 (it promised no dead letter)", () => {
  expect(findings(configWith([{ path: '$.amount', type: 'numeric' }]), amounts, 2 ** 53)).toMatchObject({
    deadLetters: 100,
    problems: [expect.stringContaining("Kafka's timestamp is wrong in 100: Kafka's timestamp: a time must be in")],
  })
})

it('an optional field that no record has rejects no record, and is reported', () => {
  const config = configWith([
    { path: '$.amount', type: 'numeric' },
    { path: '$.amout', type: 'numeric', optional: true },
  ])
  expect(findings(config, amounts)).toMatchObject({ deadLetters: 0, isFieldUnused: true })
})

it('another type is counted by field, with the first example; a record counts once as a dead letter', () => {
  const config = configWith([
    { path: '$.amount', type: 'boolean' },
    { path: '$.note', type: 'categorical' },
  ])
  expect(findings(config, ['{', ...amounts])).toMatchObject({
    records: 101,
    deadLetters: 99,
    undecodable: 1,
    problems: [
      expect.stringMatching(/^1 cannot be read: not JSON/),
      '$.amount is wrong in 98: $.amount must be true or false, found 2',
      '$.note is wrong in 4: $.note must be a string, number or boolean, found an object',
    ],
  })
})

it('the fields that cause dead letters come first (they were among those beyond the five printed)', () => {
  const config = configWith([
    { path: '$.note', type: 'categorical', optional: true },
    { path: '$.amout', type: 'numeric' },
  ])
  expect(findings(config, amounts).problems).toEqual([
    '$.amout is absent from all',
    expect.stringMatching(/^\$\.note is wrong in 4: /),
  ])
})

it('an optional field that some records lack is no problem (doctor named each, as the configuration of init does)', () => {
  const config = configWith([{ path: '$.tip', type: 'numeric', optional: true }])
  expect(findings(config, ['{"tip":1}', ...amounts])).toMatchObject({ deadLetters: 0, problems: [] })
})

it('the time, the entity and the inputs of windows are checked as well', () => {
  const window = { type: 'window', name: 'spent', aggregate: 'sum', of: '$.total', by: '$.shop', over: '1h' }
  const config = configWith([{ path: '$.amount', type: 'numeric' }, window], { timestamp: '$.at', key: '$.customer' })
  const records = amounts.map((text) => text.replace('{', '{"at":0,'))
  expect(findings(config, records)).toMatchObject({
    deadLetters: 100,
    isFieldUnused: true,
    problems: [
      expect.stringMatching(/^source\.timestamp \(\$\.at\) is wrong in 100: /),
      'source.key ($.customer) is absent from all',
      'of of spent ($.total) is absent from all',
      'by of spent ($.shop) is absent from all',
    ],
  })
})

it('the entity `partition` of a window is not checked as a path (the check of the records failed)', () => {
  const window = { type: 'window', name: 'spread', aggregate: 'std', of: '$.amount', by: 'partition', over: '1h' }
  expect(findings(configWith([window]), amounts)).toMatchObject({ records: 100, deadLetters: 0, problems: [] })
})
