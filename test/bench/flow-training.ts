import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../libs/flow/src/random.js'
import { endedChildrenCpuMs } from './ingest/processes.js'
import { medianOf } from './median.js'
import type { Line } from './report.js'

const SIZES = [
  { rows: 600, columns: 4 },
  { rows: 2_500, columns: 10 },
  { rows: 10_000, columns: 20 },
  { rows: 5_000, columns: 60 },
] as const

/** `outflow train` on tables of several sizes, its fit process included, by processor time. */
export function training({ folder, rounds }: { readonly folder: string; readonly rounds: number }): Line[] {
  return SIZES.map(({ rows, columns }) => {
    const input = join(folder, `${rows}x${columns}.csv`)
    writeFileSync(input, clusteredTable(rows, columns))
    const fits = Array.from({ length: rounds }, () => trainOn(input, join(folder, 'table.model')))
    const seconds = fits.map((fit) => fit.seconds)
    const { steps, bestStep } = fits[0]!
    return {
      ...{ rows, columns, steps, 'best step': bestStep },
      ...{ 'least s': Math.min(...seconds), 'median s': medianOf(seconds) },
    }
  })
}

function trainOn(input: string, output: string) {
  const before = endedChildrenCpuMs()
  const args = ['services/cli/bin/outflow.js', 'train', '--input', input, '--output', output, '--json']
  const report = JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  const { steps, bestStep } = report.metadata.training as { readonly steps: number; readonly bestStep: number }
  return { seconds: (endedChildrenCpuMs() - before) / 1e3, steps, bestStep }
}

/** CSV of rows in six clusters of different sizes, each near a curved surface of a third of the columns. */
function clusteredTable(rows: number, columns: number): string {
  const random = seededRandom(1, `table of ${columns}`)
  const factors = Math.max(2, Math.floor(columns / 3))
  const normals = (count: number) => Array.from({ length: count }, () => random.normal())
  const clusters = Array.from({ length: CLUSTERS }, () => ({
    means: normals(columns).map((mean) => 2 * mean),
    loadings: Array.from({ length: columns }, () => normals(factors).map((loading) => loading / Math.sqrt(factors))),
  }))
  const lines = Array.from({ length: rows }, () => {
    const { means, loadings } = clusters[random.below(random.below(CLUSTERS) + 1)]!
    const values = normals(factors)
    values[0] = values[1]! ** 2 - 1 + 0.3 * values[0]!
    return means.map((mean, column) =>
      (
        loadings[column]!.reduce((sum, loading, at) => sum + loading * values[at]!, mean) +
        0.2 * random.normal()
      ).toFixed(4),
    )
  })
  return [Array.from({ length: columns }, (_, at) => `v${at}`), ...lines]
    .map((cells) => `${cells.join(',')}\n`)
    .join('')
}

const CLUSTERS = 6
