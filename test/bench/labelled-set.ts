import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A table whose rows are known to be anomalies or not. */
export interface LabelledSet {
  readonly name: string
  readonly file: string
  /** Names of the columns, the label's left out. */
  readonly columns: readonly string[]
  /** [n][columns], as they are written */
  readonly rows: readonly (readonly string[])[]
  /** [n] */
  readonly isAnomaly: readonly boolean[]
}

/** Which rows are fitted and which are scored, by their indices. */
export interface Split {
  readonly fit: readonly number[]
  readonly score: readonly number[]
}

/**
 * How a detector is tried. S: it is fitted to a random half of the normal rows, and scores the other half and all anomalies.
 * U: it is fitted to all rows, anomalies among them, and scores the same; no label is used.
 */
export const PROTOCOLS = ['S', 'U'] as const
export type Protocol = (typeof PROTOCOLS)[number]

const ENDING = '.csv.gz'

/** Names of the sets of a folder: its `*.csv.gz`. */
export async function namesOfSets(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder)
  return files
    .filter((file) => file.endsWith(ENDING))
    .map((file) => basename(file, ENDING))
    .sort()
}

/**
 * Reads a set: numbers without quotes, and a column `label`, else the last one, that is 1 for an anomaly.
 */
export async function readSet(folder: string, name: string): Promise<LabelledSet> {
  const file = join(folder, name + ENDING)
  const text = gunzipSync(await readFile(file)).toString()
  const [header = [], ...lines] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','))
  const label = header.includes('label') ? header.indexOf('label') : header.length - 1
  return {
    name,
    file,
    columns: header.toSpliced(label, 1),
    rows: lines.map((line) => line.toSpliced(label, 1)),
    isAnomaly: lines.map((line) => Number(line[label]) === 1),
  }
}

export function splitBy(protocol: Protocol, { rows, isAnomaly }: LabelledSet, seed: number): Split {
  const all = [...rows.keys()]
  if (protocol === 'U') return { fit: all, score: all }
  const normals = shuffled(
    all.filter((row) => !isAnomaly[row]),
    seed,
  )
  const fit = normals.slice(0, normals.length >> 1)
  const isFitted = new Set(fit)
  return { fit, score: all.filter((row) => !isFitted.has(row)) }
}

function shuffled(rows: readonly number[], seed: number): readonly number[] {
  const random = xoroshiro128plus(seed)
  const order = [...rows]
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last)
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
  return order
}
