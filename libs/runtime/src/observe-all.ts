import { createRequire } from 'node:module'
import type { Histogram } from 'prom-client'

/** One series, as prom-client stores it. */
interface Series {
  sum: number
  count: number
  readonly bucketValues: Record<number, number>
}

/** The version whose fields this module writes; package.json pins it. */
const TESTED_VERSION = '15.1.3'

/**
 * Counts many values in a histogram without labels. With a prom-client of another version they are observed one at a time, at about
 * 0.3 µs each.
 */
export function observeAll(histogram: Histogram, values: Float64Array, version = installedVersion()): void {
  if (version === TESTED_VERSION) addToSeries(histogram, values)
  else for (const value of values) histogram.observe(value)
}

function installedVersion(): string {
  return createRequire(import.meta.url)('prom-client/package.json').version
}

function addToSeries(histogram: Histogram, values: Float64Array): void {
  const { upperBounds, hashMap } = histogram as unknown as {
    readonly upperBounds: readonly number[]
    readonly hashMap: Readonly<Record<string, Series>>
  }
  const series = Object.values(hashMap)[0]!
  const beyond = upperBounds.length
  const counts = new Uint32Array(beyond + 1)
  let sum = 0
  for (const value of values) {
    let bucket = 0
    while (bucket < beyond && value > upperBounds[bucket]!) bucket++
    counts[bucket]!++
    sum += value
  }
  series.sum += sum
  series.count += values.length
  upperBounds.forEach((bound, bucket) => {
    series.bucketValues[bound]! += counts[bucket]!
  })
}
