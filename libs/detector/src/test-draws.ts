import type { Feature } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Test support: reproducible random numbers, uniform on [0, 1) and standard normal. */
export function seededDraws(seed: number) {
  const random = xoroshiro128plus(seed)
  const uniform = () => uniformFloat64(random)
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

/** Test support: a reader of records that keep their contract; others throw. */
export function readerOf(features: readonly Feature[]): (record: unknown) => Fields {
  const read = makeReader(features)
  return (record) => {
    const fields = read(record)
    if ('reason' in fields) throw new Error(fields.detail)
    return fields
  }
}
