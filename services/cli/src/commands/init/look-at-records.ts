import type { Feature } from '@outflow/contracts'
import { featurePath } from '@outflow/contracts/feature'
import {
  compilePath,
  type EpochUnit,
  epochUnit,
  type JsonObject,
  makeFeatureInference,
  makeReader,
  NumberSummariser,
} from '@outflow/records'

export type RecordStatistics = ReturnType<typeof lookAtRecords>

/** A field that a model can use, with its statistics. */
export type Column = RecordStatistics['columns'][number]

/** Infers the features as `train` does, and summarises the column of each. */
export function lookAtRecords(
  partitions: readonly (readonly JsonObject[])[],
  options: Parameters<typeof makeFeatureInference>[0] = {},
) {
  const inference = makeFeatureInference(options)
  for (const partition of partitions) {
    inference.beginPartition()
    for (const record of partition) inference.observe(record)
  }
  const records = partitions.flat()
  const { features, paths, leftOut, warnings } = inference.conclude(records)
  const columns = features
    .filter(({ type }) => type !== 'window')
    .map((feature) => ({
      ...summarize(feature, records),
      warnings: warnings.filter(({ path }) => path === featurePath(feature)).map(({ text }) => text),
    }))
  const timesLeftOut = leftOut.flatMap(({ feature }) =>
    feature?.type === 'cyclic' ? [summarize(feature, records)] : [],
  )
  return {
    records: records.length,
    /** Those of all fields. */
    paths,
    columns,
    /** Windowed features, which no record holds: those of one value over time. */
    windows: features.filter((feature) => feature.type === 'window'),
    /** Fields that hold times, also those that are left out as features. */
    times: [...columns.filter(({ feature }) => feature.type === 'cyclic'), ...timesLeftOut],
    leftOut,
  }
}

function summarize(feature: Feature, records: readonly JsonObject[]) {
  const read = makeReader([feature])
  const get = compilePath(featurePath(feature))
  const numbers = new NumberSummariser()
  const values = new Set<unknown>()
  const counts = {
    /** Records that lack the field. */
    absent: 0,
    /** Records that have it empty: null, "" or "NaN". */
    empty: 0,
    /** Records whose value is not of the feature's type. */
    broken: 0,
    /** Numbers that are smaller than the one before. */
    falls: 0,
  }
  let previous = Number.NaN
  let firstBroken: string | null = null
  let unit: EpochUnit | null = null
  for (const record of records) {
    const fields = read(record)
    if ('reason' in fields) {
      counts.broken += 1
      firstBroken ??= fields.detail
      continue
    }
    const value = fields.numbers[0] ?? fields.categories[0] ?? null
    const raw = get(record)
    if (feature.type === 'cyclic' && /^[\d.]+$/.test(String(raw).slice(0, 30))) unit ??= epochUnit(Number(raw))
    if (raw === undefined) counts.absent += 1
    else if (value === null || Number.isNaN(value)) counts.empty += 1
    else {
      values.add(value)
      if (typeof value !== 'number') continue
      numbers.add(value)
      if (value < previous) counts.falls += 1
      previous = value
    }
  }
  return {
    ...{ feature, ...counts, distinct: values.size },
    /** What was wrong with the first broken value. */
    firstBroken,
    /** Of numeric and cyclic features (epoch ms); null of others. */
    numbers: numbers.summary(),
    /** The unit of a cyclic feature whose values are epoch times; null of others. */
    epochUnit: unit,
  }
}
