import { type Feature, featurePath } from '@outflow/contracts'
import {
  compilePath,
  type EpochUnit,
  epochUnit,
  isRejection,
  type JsonObject,
  type LeftOut,
  makeFeatureInference,
  makeReader,
  NumberSummariser,
  type NumberSummary,
} from '@outflow/records'

/** Statistics of the sampled records. */
export interface RecordStatistics {
  readonly records: number
  readonly columns: readonly Column[]
  /** Windowed features, which no record holds: those of one value over time. */
  readonly windows: readonly Extract<Feature, { readonly type: 'window' }>[]
  /** Fields that hold times, also those that are left out as features. */
  readonly times: readonly Column[]
  readonly leftOut: readonly LeftOut[]
}

/** A field that a model can use, with its statistics. */
export interface Column {
  readonly feature: Feature
  /** Records that lack the field. */
  readonly absent: number
  /** Records that have it empty: null, "" or "NaN". */
  readonly empty: number
  /** Records whose value is not of the feature's type, and what was wrong with the first. */
  readonly broken: number
  readonly firstBroken: string | null
  /** Distinct values. */
  readonly distinct: number
  /** Of numeric and cyclic features (epoch ms); null of others. */
  readonly numbers: NumberSummary | null
  /** Numbers that are smaller than the one before. */
  readonly falls: number
  /** The unit of a cyclic feature whose values are epoch times; null of others. */
  readonly epochUnit: EpochUnit | null
}

/** Infers the features as `train` does, and summarises the column of each. */
export function lookAtRecords(
  partitions: readonly (readonly JsonObject[])[],
  options: Parameters<typeof makeFeatureInference>[0] = {},
): RecordStatistics {
  const inference = makeFeatureInference(options)
  for (const partition of partitions) {
    inference.beginPartition()
    for (const record of partition) inference.observe(record)
  }
  const records = partitions.flat()
  const { features, leftOut } = inference.conclude()
  const columns = features.filter(({ type }) => type !== 'window').map((feature) => summarize(feature, records))
  const timesLeftOut = leftOut.flatMap(({ feature }) =>
    feature?.type === 'cyclic' ? [summarize(feature, records)] : [],
  )
  return {
    records: records.length,
    columns,
    windows: features.filter((feature) => feature.type === 'window'),
    times: [...columns.filter(({ feature }) => feature.type === 'cyclic'), ...timesLeftOut],
    leftOut,
  }
}

function summarize(feature: Feature, records: readonly JsonObject[]): Column {
  const read = makeReader([feature])
  const get = compilePath(featurePath(feature))
  const numbers = new NumberSummariser()
  const values = new Set<unknown>()
  let [absent, empty, broken, falls] = [0, 0, 0, 0]
  let previous = Number.NaN
  let firstBroken: string | null = null
  let unit: EpochUnit | null = null
  for (const record of records) {
    const fields = read(record)
    if (isRejection(fields)) {
      broken += 1
      firstBroken ??= fields.detail
      continue
    }
    const value = fields.numbers[0] ?? fields.categories[0] ?? null
    const raw = get(record)
    if (feature.type === 'cyclic' && /^[\d.]+$/.test(String(raw).slice(0, 30))) unit ??= epochUnit(Number(raw))
    if (raw === undefined) absent += 1
    else if (value === null || Number.isNaN(value)) empty += 1
    else {
      values.add(value)
      if (typeof value !== 'number') continue
      numbers.add(value)
      if (value < previous) falls += 1
      previous = value
    }
  }
  const counts = { absent, empty, broken, distinct: values.size, falls }
  return { feature, ...counts, firstBroken, numbers: numbers.summary(), epochUnit: unit }
}
