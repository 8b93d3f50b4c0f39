import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { shuffled } from './shuffled.js'

/** A table whose rows are labelled as anomalies or normal. */
export interface LabelledSet {
  readonly name: string
  /** Names of the columns, without the label. */
  readonly columns: readonly string[]
  /** [n][columns], as written */
  readonly rows: readonly (readonly string[])[]
  /** [n] */
  readonly isAnomaly: readonly boolean[]
  /** Number of leading rows, all normal, that the set reserves for fitting; null: the protocol splits at random. */
  readonly fitRows: number | null
}

/** Indices of the rows for fitting and of the rows for scoring. */
export interface Split {
  readonly fit: readonly number[]
  readonly score: readonly number[]
}

/**
 * Test protocol.
 *
 * S: the detector is fitted to normal rows, a random half or those of the set, and scores all other rows.
 * U: it is fitted without labels and scores all rows. It is fitted to all rows, or to the normal rows of the set and half of the anomalies,
 * which are at most 5 % of the fitted rows.
 */
export const PROTOCOLS = ['S', 'U'] as const
export type Protocol = (typeof PROTOCOLS)[number]

const ENDING = '.csv.gz'
const FIT_ENDING = `.train${ENDING}`
const SCORE_ENDING = `.test${ENDING}`
const LARGEST_CONTAMINATION = 0.05

/** Names of the sets in a folder, sorted: `SET.csv.gz`, or the pair `SET.train.csv.gz` and `SET.test.csv.gz`. */
export async function namesOfSets(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder)
  return files
    .filter((file) => file.endsWith(ENDING) && !file.endsWith(SCORE_ENDING))
    .map((file) => basename(file, file.endsWith(FIT_ENDING) ? FIT_ENDING : ENDING))
    .sort()
}

/**
 * Reads a set: numbers without quotes, and a label that is 1 for an anomaly: column `label`, or else the last. Of a pair of files the first has
 * normal rows without a label. Its columns are named by position, because column names of real tables may contain any character.
 */
export async function readSet(folder: string, name: string): Promise<LabelledSet> {
  const isPair = (await readdir(folder)).includes(name + FIT_ENDING)
  if (!isPair) return { name, fitRows: null, ...labelled(await readLines(join(folder, name + ENDING))) }
  const [, ...normal] = await readLines(join(folder, name + FIT_ENDING))
  const { rows, isAnomaly } = labelled(await readLines(join(folder, name + SCORE_ENDING)))
  return {
    name,
    columns: normal[0]!.map((_, column) => `c${column + 1}`),
    rows: [...normal, ...rows],
    isAnomaly: [...normal.map(() => false), ...isAnomaly],
    fitRows: normal.length,
  }
}

async function readLines(file: string): Promise<readonly (readonly string[])[]> {
  const text = gunzipSync(await readFile(file)).toString()
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  return lines.map((line) => line.split(','))
}

function labelled([header = [], ...lines]: readonly (readonly string[])[]) {
  const isNamed = header.includes('label')
  const label = (line: readonly string[]) => (isNamed ? header.indexOf('label') : line.length - 1)
  return {
    columns: header.toSpliced(label(header), 1),
    rows: lines.map((line) => line.toSpliced(label(line), 1)),
    isAnomaly: lines.map((line) => Number(line[label(line)]) === 1),
  }
}

export function splitBy(protocol: Protocol, set: LabelledSet, seed: number): Split {
  const { isAnomaly, fitRows } = set
  const all = [...set.rows.keys()]
  if (fitRows !== null) {
    const fit = all.slice(0, fitRows)
    if (protocol === 'S') return { fit, score: all.slice(fitRows) }
    return { fit: [...fit, ...contaminating(set, fitRows, seed)], score: all }
  }
  if (protocol === 'U') return { fit: all, score: all }
  const normals = shuffled(
    all.filter((row) => !isAnomaly[row]),
    seed,
  )
  const fit = normals.slice(0, normals.length >> 1)
  const isFitted = new Set(fit)
  return { fit, score: all.filter((row) => !isFitted.has(row)) }
}

function contaminating({ rows, isAnomaly }: LabelledSet, fitRows: number, seed: number): readonly number[] {
  const anomalies = [...rows.keys()].filter((row) => isAnomaly[row])
  const most = Math.floor((LARGEST_CONTAMINATION / (1 - LARGEST_CONTAMINATION)) * fitRows)
  return shuffled(anomalies, seed)
    .slice(0, Math.min(anomalies.length >> 1, most))
    .toSorted((a, b) => a - b)
}
