import type { Feature } from '@outflow/contracts'
import { type TrainedDetector, withDetector } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { plainKafka } from '../../support/kafkajs.js'
import { makeChance } from '../../support/parcels.js'

export const PARTITIONS = 8
/** One record in a thousand. */
const ANOMALY_EVERY = 1_000

export interface Event {
  readonly key: string
  readonly value: Buffer
}

/** `$.m1` … of `fields` numbers; records also have `id` and `at`, which are only used as key and time. */
export function featuresOf(fields: number): Feature[] {
  return Array.from({ length: fields }, (_, at) => ({ path: `$.m${at + 1}`, type: 'numeric', optional: false }))
}

/**
 * Returns events whose numbers depend on four latent ones; one in a thousand has a number that does not.
 * About 270 bytes of JSON with 16 fields.
 */
export function makeEvents(count: number, fields: number): Event[] {
  const draw = makeNumbers(fields, 1)
  return Array.from({ length: count }, (_, index) => {
    const numbers = draw()
    if (index % ANOMALY_EVERY === ANOMALY_EVERY - 1) numbers[index % fields]! *= 30
    const id = `sensor-${String(index % 997).padStart(4, '0')}`
    const at = 1_764_000_000_000 + index * 7
    const named = numbers.map((number, place) => [`m${place + 1}`, Number(number.toPrecision(7))])
    return { key: id, value: Buffer.from(JSON.stringify({ id, at, ...Object.fromEntries(named) })) }
  })
}

/** Returns events that a model scores as normal. */
export async function normalEvents(
  events: readonly Event[],
  { artefact, metadata }: TrainedDetector,
): Promise<Event[]> {
  const { pValue } = await withDetector(artefact, (detector) =>
    detector.score(events.map(({ value }) => detector.read(JSON.parse(String(value))) as Fields)),
  )
  return events.filter((_, at) => pValue[at]! > metadata.alertRate)
}

/** Normal records only, as a trainer reads them. */
export function trainingRecords(count: number, fields: number): Fields[] {
  const draw = makeNumbers(fields, 7)
  return Array.from({ length: count }, () => ({ numbers: draw(), categories: [] }))
}

/** The mixing is the same for every seed; the seed determines the records. */
function makeNumbers(fields: number, seed: number): () => number[] {
  const chance = makeChance(seed)
  const normal = () => Math.log(chance.factor()) * 10
  return () => {
    const hidden = [normal(), normal(), normal(), normal()]
    return Array.from({ length: fields }, (_, j) => {
      const own = hidden[j % 4]! + 0.5 * hidden[(j + 1 + (j >> 2)) % 4]! + 0.3 * normal()
      return 20 + j + 5 * own
    })
  }
}

/** Sends events in turn to the partitions, as fast as the broker accepts them. */
export async function fillTopic(
  target: { readonly brokers: readonly string[]; readonly topic: string },
  events: readonly Event[],
  records: number,
): Promise<void> {
  const producer = plainKafka(target.brokers).producer()
  await producer.connect()
  const timestamp = String(Date.now())
  for (let from = 0; from < records; from += CHUNK) {
    const messages = Array.from({ length: Math.min(CHUNK, records - from) }, (_, index) => ({
      ...events[(from + index) % events.length]!,
      partition: (from + index) % PARTITIONS,
      timestamp,
    }))
    await producer.send({ topic: target.topic, acks: 1, messages })
  }
  await producer.disconnect()
}

// Batches of 500 per partition, 150 KB, as busy producers send them.
const CHUNK = 500 * PARTITIONS
