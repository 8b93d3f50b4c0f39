import type { KafkaHeaders, KafkaRecord } from '@outflow/streams'
import { mutate, type Random } from './random.js'
import { COLUMNS, type Format, WRITERS } from './record-formats.js'

export interface Arrival {
  readonly source: KafkaRecord
  /** The record as written, if it was not changed: it must be scored by these values. */
  readonly record?: ReturnType<typeof aRecordOf>
}

export const aRecordOf = (at: number) => ({
  n: Math.sin(at),
  m: 10 ** (at % 4),
  city: 'abc'[at % 3]!,
  ok: at % 2 === 0,
  note: `note ${at}`,
  at: new Date(Date.UTC(2026, 0, 1, at % 24)).toISOString(),
  key: `k${at % 5}`,
})

const NUMBERS = [0, -0, 1, -1, 1e300, -1e300, 1e308, 5e-324, 2 ** 53, 253_402_300_800_000, -62_135_596_800_001]
const TEXTS = [
  ...['', 'a', 'true', 'NaN', '\0', '\ud800', 'a\udc00b', '🎈', '\\u0000', '\\', '"', '日', 'x'.repeat(600), '1e999'],
  ...['9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z', '__proto__', 'constructor', 'outflow.reason'],
]
const LIKELY = Buffer.from('{}[]",:\\0e-\0\x02')
const HUGE = Buffer.alloc(2_000_000, 'k')

function aValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return random.pick(NUMBERS)
    case 1:
      return random.pick([null, true, false])
    case 2:
      return aText(random)
    case 3:
      return random.below(2_000) / 10 - 100
    case 4:
      return random.list(3, () => aValue(random, depth - 1))
    default:
      return Object.fromEntries(random.list(3, () => [random.pick(TEXTS), aValue(random, depth - 1)]))
  }
}

/** A name that UTF-8 can encode: a lone surrogate becomes U+FFFD. */
const aName = (random: Random) => Buffer.from(aText(random)).toString()

const aText = (random: Random) => random.list(3, () => random.pick(TEXTS)).join('')

export function anyArrival(random: Random, format: Format, offset: bigint): Arrival {
  const record = aRecordOf(random.below(100))
  const timestampMs = random.oneIn(4)
    ? random.pick([-1, 0, 253_402_300_800_000, 8.64e15, -8.64e15])
    : Date.UTC(2026, 0, 1) + (Number(offset) - random.below(30)) * random.pick([1, 60_000, 600_000])
  const source = (value: Buffer | null): KafkaRecord => ({
    offset,
    timestampMs,
    key: aKey(random),
    value,
    headers: someHeaders(random),
  })
  if (random.oneIn(3)) return { source: source(WRITERS[format](record)), record }
  if (random.oneIn(100))
    return { source: { ...source(null), key: null, headers: [], unreadable: 'its batch expands too far' } }
  return { source: source(anOddValue(random, format, record)) }
}

function anOddValue(random: Random, format: Format, record: Record<string, unknown>): Buffer | null {
  const odd = { ...record }
  for (const name of random.list(3, () => random.pick([...COLUMNS, 'other', '\0', '__proto__'])))
    Object.defineProperty(odd, name, { value: aValue(random, 2), enumerable: true, configurable: true })
  if (random.oneIn(8)) delete odd[random.pick(COLUMNS)]
  const bytes = WRITERS[format](odd)
  return random.pick([
    () => bytes,
    () => bytes,
    () => bytes,
    () => mutate(random, bytes, LIKELY),
    () => random.bytes(random.below(40)),
    () => Buffer.from('['.repeat(random.pick([0, 10, 4_000, 5_000]))),
    () => (random.oneIn(20) ? HUGE : null),
  ])()
}

const aKey = (random: Random): Buffer | null =>
  random.oneIn(200)
    ? HUGE
    : random.pick([
        null,
        Buffer.alloc(0),
        Buffer.from('LAX'),
        Buffer.from(aText(random)),
        random.bytes(random.below(6)),
      ])

const someHeaders = (random: Random): KafkaHeaders =>
  random.oneIn(200)
    ? Array.from({ length: 300 }, (_, at) => [`name ${at}`, HUGE.subarray(0, 4_000)] as const)
    : random.list(3, () => [aName(random), random.oneIn(4) ? null : random.bytes(random.below(4))] as const)
