import { type Config, clampTime } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { withDetector } from '@outflow/detector'
import { makeDecoder, messageReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import type { StoredAnomaly } from '@outflow/store/anomalies'
import { loadModel } from '@outflow/store/models'
import { type KafkaHeaders, makeKafka, scanOffsets, type WindowRecord } from '@outflow/streams'
import type { ValuesAround } from './api/index.js'
import { RequestRefused } from './errors.js'
import { readable } from './readable.js'
import type { RouteContext } from './routes/route-context.js'

interface EntityRecord {
  readonly offset: bigint
  readonly fields: Fields
}

/**
 * Reads the records of an anomaly's entity around it from Kafka. Computes for each record the spans that the anomaly's model expects of up
 * to MOST_FIELDS numeric fields, those of the reasons first.
 *
 * @throws {ModelUnknown} when the model has been deleted
 * @throws {BrokerUnavailable | BrokerRefused | RegistryUnavailable | RegistryRefused}
 */
export async function readValuesAround({ config, pool }: RouteContext, anomaly: StoredAnomaly): Promise<ValuesAround> {
  const { artefact } = await loadModel(pool, { pipeline: anomaly.pipeline, id: anomaly.modelId })
  return withDetector(artefact, async (detector) => {
    const { entityRecords, headers, isCutShort } = await readEntity(config, anomaly, detector.metadata.features)
    const numeric = detector.metadata.features.filter(({ type }) => type === 'numeric').map(featureName)
    const named = (anomaly.reasons ?? []).map(({ field }) => field).filter((field) => numeric.includes(field))
    const fields = [...new Set([...named, ...numeric])].slice(0, MOST_FIELDS)
    const bands = await detector.bands(
      entityRecords.map((record) => record.fields),
      fields,
    )
    return {
      headers: headers?.map(([name, value]) => ({ name, value: readable(value) })) ?? null,
      isCutShort,
      fields,
      records: entityRecords.map(({ offset }, at) => ({ offset, bands: bands[at]! })),
    }
  })
}

async function readEntity(
  config: Config,
  { topic, partition, offset, recordTimeMs, entityKey }: StoredAnomaly,
  features: Config['features'],
) {
  const decoder = makeDecoder(config.source)
  const reader = messageReader<WindowRecord>({ decoder, source: config.source, features, maxBytes: MAX_WINDOW_BYTES })
  /** Up to the anomaly, with it. */
  const before: EntityRecord[] = []
  const after: EntityRecord[] = []
  let headers: KafkaHeaders | null = null
  /** Whether the topic was created again: it has another record at the offset, or ends before it. */
  let isOther: boolean | undefined
  const from = offset < OFFSETS_BEFORE ? 0n : offset - OFFSETS_BEFORE
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const range = { topic, partition, from, to: offset + OFFSETS_AFTER, signal }
  const visit = async (records: readonly WindowRecord[]) => {
    await decoder.prepare(records)
    for (const record of records) {
      if (record.offset >= offset)
        isOther ??= record.offset === offset && clampTime(record.timestampMs) !== recordTimeMs
      if (record.offset === offset) headers = record.headers
      const decoded = reader.read(record)
      if ('reason' in decoded || decoded.read.entityKey !== entityKey) continue
      const entityRecord = { offset: record.offset, fields: decoded.fields }
      if (record.offset > offset) after.push(entityRecord)
      else before.push(entityRecord)
      if (before.length > RECORDS_BEFORE) before.shift()
    }
  }
  const { isCutShort } = await scanOffsets(makeKafka(config.kafka), range, visit).catch((error: unknown) => {
    throw signal.aborted ? new RequestRefused(503, 'the records could not be read in time; try again') : error
  })
  if (isOther ?? true) return { entityRecords: [], headers: null, isCutShort: true }
  const entityRecords = [...before, ...after.slice(0, RECORDS_AFTER)]
  return { entityRecords, headers: headers as KafkaHeaders | null, isCutShort }
}

/** Read in a second or two; of an entity with fewer than 180 records among them those are shown. */
const OFFSETS_BEFORE = 20_000n
const OFFSETS_AFTER = 2_000n
/** The anomaly included. */
const RECORDS_BEFORE = 180
const RECORDS_AFTER = 20
/** Limited, because a user waits; a topic with messages of megabytes may take longer. */
const TIMEOUT_MS = 20_000
/** Each has its own chart. */
const MOST_FIELDS = 4
const MAX_WINDOW_BYTES = 32 * 1024 ** 2
