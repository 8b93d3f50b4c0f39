import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchDetector } from './flow-explaining.js'
import { type Line, medianOf } from './flow-table.js'

const TIMES = 7
const [ROWS, COLUMNS, STEPS] = [200_000, 32, 200]

/** Time from a model file to the first NLL, each in a new process with the built packages. */
export function firstScore({ artefact, records }: BenchDetector, folder: string): Line[] {
  const [modelFile, recordFile] = [join(folder, 'detector.model'), join(folder, 'record.json')]
  writeFileSync(modelFile, artefact)
  writeFileSync(recordFile, JSON.stringify(records[0]))
  const runs = Array.from({ length: TIMES }, () =>
    run<{ processMs: number; importMs: number; loadMs: number }>('flow-first-score.mjs', [modelFile, recordFile]),
  )
  return [
    {
      processes: TIMES,
      'process start ms': medianOf(runs.map(({ processMs }) => processMs)),
      'imports ms': medianOf(runs.map(({ importMs }) => importMs)),
      'load and first score ms': medianOf(runs.map(({ loadMs }) => loadMs)),
    },
  ]
}

/** The peak memory of a large fit; a few steps suffice, because every step takes the same. */
export function fitMemory(): Line[] {
  const found = run<{ backend: string; steps: number; parentMb: number; childMb: number }>(
    'flow-memory.mjs',
    [ROWS, COLUMNS, STEPS].map(String),
  )
  const { backend, steps, parentMb, childMb } = found
  return [
    {
      rows: ROWS,
      columns: COLUMNS,
      backend,
      steps,
      'caller MB': parentMb,
      'fit process MB': childMb,
      'together MB': parentMb + childMb,
    },
  ]
}

/** Runs a script of this folder in a new process, without the Node options of this one, and reads its JSON. */
function run<Found>(script: string, args: readonly string[]): Found {
  const file = fileURLToPath(new URL(`./${script}`, import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [file, ...args], { encoding: 'utf8' }))
}
