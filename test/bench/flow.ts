/**
 * Measures the speed of flows, with PyTorch as the baseline of the same run if Python has it:
 *
 *     npm run bench:flow -- [--only scoring,fitting,training,explaining] [--models S,L,glow,spline] [--rounds 7]
 *                           [--python PATH] [--cpu 1] [--json FILE]
 *
 * If `taskset` is found, everything runs pinned to one processor, each engine on one thread in its own process. Engines
 * run in turn, round by round, and a ratio is the median of the rounds' ratios. Rates are by processor time, which other processes on a
 * busy machine do not affect; wall-clock time, the same on an idle machine, is printed too.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineKey } from './flow-engines.js'
import { explaining } from './flow-explaining.js'
import { training } from './flow-training.js'
import { fitting, MODELS, type ModelName, scoring } from './flow-turns.js'
import { benchOptions } from './options.js'
import { hasModule } from './python.js'
import { makeReport } from './report.js'

const SECTIONS = ['scoring', 'fitting', 'training', 'explaining'] as const

const options = benchOptions({
  ...{ only: SECTIONS.join(','), models: 'S,L', rounds: 7 },
  ...{ python: 'python3', cpu: String(cpus().length - 1) },
})
const sections = options.only.split(',')
const models = options.models.split(',') as ModelName[]
for (const name of [...sections, ...models]) {
  if (!(name in MODELS) && !(SECTIONS as readonly string[]).includes(name)) {
    throw new Error(`${name} is neither a section (${SECTIONS}) nor a model (${Object.keys(MODELS)})`)
  }
}
pinTo(options.cpu)
const torch: EngineKey[] = (await hasModule(options.python, 'torch', 'PyTorch is')) ? ['torch'] : []
const folder = mkdtempSync(join(tmpdir(), 'outflow-bench-'))
const report = makeReport(options.json)

try {
  const { rounds, python } = options
  const turns = { folder, rounds, python }
  if (sections.includes('scoring')) {
    report.table('scoring', await scoring(models, ['onnx', 'wasm', 'tfjs-node', ...torch], turns))
  }
  if (sections.includes('fitting')) {
    report.table('fitting', await fitting(models, ['tfjs-node', 'wasm', ...torch], turns))
  }
  if (sections.includes('training')) report.table('training', training(turns))
  if (sections.includes('explaining')) report.table('explaining', await explaining())
} finally {
  rmSync(folder, { recursive: true })
}

/** Pins this process, and its child processes with it. */
function pinTo(cpu: string): void {
  try {
    execFileSync('taskset', ['-apc', cpu, String(process.pid)], { stdio: 'ignore' })
  } catch {
    console.error('not pinned to a processor: taskset is missing or refuses')
  }
}
