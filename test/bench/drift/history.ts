import type { Feature } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import type { WindowRecord } from '@outflow/streams'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { StreamRecord } from './stream.js'

export type History = ReturnType<typeof keepHistory>

/** Content of a topic: every record with its time, in columns, because two million objects need too much memory. */
export function keepHistory(features: readonly Feature[], capacity: number) {
  const names = features.map(featureName)
  const words: string[] = []
  const places = new Map<string, number>()
  const columns = names.map(() => new Float64Array(capacity))
  const times = new Float64Array(capacity)
  let count = 0
  const firstFrom = (fromMs: number) => {
    const at = times.subarray(0, count).findIndex((time) => time >= fromMs)
    return at < 0 ? count : at
  }
  return {
    add: (record: StreamRecord, timeMs: number) => {
      names.forEach((name, column) => {
        const value = record[name]!
        columns[column]![count] = typeof value === 'number' ? value : placeOf(value)
      })
      times[count] = timeMs
      count += 1
    },
    countFrom: (fromMs: number) => count - firstFrom(fromMs),
    /** A uniform sample in order, with values in JSON, like a window that is read from Kafka. */
    sample: (fromMs: number, maxRows: number, seed: number) => {
      const first = firstFrom(fromMs)
      return chosen(count - first, maxRows, seed).map((place) => recordAt(first + place))
    },
  }

  function placeOf(word: string): number {
    const known = places.get(word)
    if (known !== undefined) return known
    places.set(word, words.length)
    return words.push(word) - 1
  }

  function recordAt(at: number): WindowRecord {
    const record = Object.fromEntries(
      names.map((name, column) => {
        const value = columns[column]![at]!
        return [name, features[column]!.type === 'categorical' ? words[value]! : value]
      }),
    )
    return {
      topic: 'stream',
      partition: 0,
      offset: BigInt(at),
      timestampMs: times[at]!,
      key: null,
      value: Buffer.from(JSON.stringify(record)),
      headers: [],
    }
  }
}

/** Ascending indices of a uniform sample. */
function chosen(from: number, most: number, seed: number): number[] {
  if (from <= most) return Array.from({ length: from }, (_, place) => place)
  const random = xoroshiro128plus(seed)
  const places = new Set<number>()
  while (places.size < most) places.add(uniformInt(random, 0, from - 1))
  return [...places].sort((a, b) => a - b)
}
