import type { Feature } from '@outflow/contracts'
import { nameOfPath } from '@outflow/contracts/feature'
import { compilePath, type FileRecord } from '@outflow/records'

/** Finds the optional fields of a model that no record of a file has: the file is another one, or a column was renamed. */
export function absentFields(features: readonly Feature[]) {
  let absent = features.flatMap((feature) =>
    feature.type !== 'window' && feature.optional ? [{ path: feature.path, get: compilePath(feature.path) }] : [],
  )
  return {
    observe: (records: readonly FileRecord[]): void => {
      absent = absent.filter(({ get }) => records.every(({ record }) => get(record) === undefined))
    },
    /** Null: each field is in at least one record. */
    warning: (): string | null =>
      absent.length === 0
        ? null
        : `warning: no record has ${absent.map(({ path }) => nameOfPath(path)).join(', ')}, which the model uses; scored as missing`,
  }
}
