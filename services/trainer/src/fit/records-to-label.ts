import type { Feature } from '@outflow/contracts'
import type { RecordToLabel } from '@outflow/detector'
import { columnsOf, type Fields } from '@outflow/records/fields'
import type { NewCalibrationRecord } from '@outflow/store/models'
import type { SampledRecord } from '../window/sampled-records.js'

/** Adds the positions and the values by name to the calibration records that people may label. */
export function recordsToLabel(
  toLabel: readonly RecordToLabel[],
  sample: readonly SampledRecord[],
  features: readonly Feature[],
): NewCalibrationRecord[] {
  const byFields = new Map<unknown, RecordToLabel>(toLabel.map((record) => [record.fields, record]))
  return sample.flatMap(({ topic, partition, offset, timestampMs, read }) => {
    const offered = byFields.get(read)
    if (offered === undefined) return []
    const { rank, nll, fields } = offered
    return { rank, nll, topic, partition, offset, recordTimeMs: timestampMs, record: valuesOf(fields, features) }
  })
}

function valuesOf({ numbers, categories }: Fields, features: readonly Feature[]): NewCalibrationRecord['record'] {
  return Object.fromEntries(
    columnsOf(features).map(({ kind, name, feature, at }) => {
      if (kind === 'category') return [name, categories[at]!]
      const number = numbers[at]!
      if (Number.isNaN(number)) return [name, null]
      return [name, feature.type === 'cyclic' ? new Date(number).toISOString() : number]
    }),
  )
}
