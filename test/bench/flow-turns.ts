import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeSafetensors, type FlowSpec, flowSpec } from '@outflow/flow'
import { unfittedFlow } from '../../libs/flow/src/flows/flow-parts.js'
import { seededRandom } from '../../libs/flow/src/random.js'
import { type Engine, type EngineKey, type Given, startEngine, type Taken } from './flow-engines.js'
import { medianOf } from './median.js'
import type { Line } from './report.js'

/** S and L have targets; the other kinds have the size of S. */
const SIZE_OF_S = { layers: 8, hidden: [64, 64] }

export const MODELS = {
  S: { ...flowSpec('realnvp', 16), ...SIZE_OF_S },
  L: { ...flowSpec('realnvp', 32), layers: 10, hidden: [128, 128] },
  glow: { ...flowSpec('glow', 16), ...SIZE_OF_S },
  spline: { ...flowSpec('spline', 16), ...SIZE_OF_S },
} as const satisfies Record<string, FlowSpec>

export type ModelName = keyof typeof MODELS

interface Turns {
  readonly folder: string
  readonly rounds: number
  readonly python: string
}

/** Batches of each size scored by every engine in turn. */
export async function scoring(models: readonly ModelName[], keys: readonly EngineKey[], turns: Turns): Promise<Line[]> {
  const lines: Line[] = []
  for (const model of models) {
    const engines = await start(model, keys, turns)
    for (const batch of BATCHES) {
      const calls = new Map<Engine, number>()
      const nll = new Map<Engine, readonly number[]>()
      for (const engine of engines) {
        await engine.score(batch, 3)
        const once = await engine.score(batch, 3)
        nll.set(engine, once.nll)
        calls.set(engine, Math.max(1, Math.ceil((3 * SECONDS_A_TURN) / once.processor)))
      }
      const perCall = await inTurns(engines, turns.rounds, (engine) => engine.score(batch, calls.get(engine)!), calls)
      for (const engine of engines) {
        const { clock, processor } = medians(perCall.get(engine)!)
        lines.push({
          model,
          batch,
          engine: engine.title,
          'x PyTorch': ratioToTorch(engines, perCall, engine),
          'records/s': batch / processor,
          'us a call': processor * 1e6,
          'by the clock': clock * 1e6,
          'largest error': errorOf(nll.get(engine)!, nll.get(engines[0]!)!),
        })
      }
    }
    await Promise.all(engines.map((engine) => engine.close()))
  }
  return lines
}

/** Steps of a fit, batch 512, by every engine in turn. */
export async function fitting(models: readonly ModelName[], keys: readonly EngineKey[], turns: Turns): Promise<Line[]> {
  const lines: Line[] = []
  for (const model of models) {
    const engines = await start(model, keys, turns)
    const steps = new Map(engines.map((engine) => [engine, FIT_STEPS]))
    const perStep = await inTurns(engines, turns.rounds, (engine) => engine.fit(FIT_BATCH, FIT_STEPS), steps)
    for (const engine of engines) {
      lines.push({
        model,
        batch: FIT_BATCH,
        engine: engine.title,
        'x PyTorch': ratioToTorch(engines, perStep, engine),
        'ms a step': medians(perStep.get(engine)!).processor * 1e3,
        'by the clock': medians(perStep.get(engine)!).clock * 1e3,
      })
    }
    await Promise.all(engines.map((engine) => engine.close()))
  }
  return lines
}

const BATCHES = [1, 64, 512, 4096]
const SECONDS_A_TURN = 0.1
const FIT_BATCH = 512
const FIT_STEPS = 50

/** Runs every engine once per round. @returns the time of each call */
async function inTurns(
  engines: readonly Engine[],
  rounds: number,
  turn: (engine: Engine) => Promise<Taken>,
  calls: ReadonlyMap<Engine, number>,
): Promise<ReadonlyMap<Engine, readonly Taken[]>> {
  const taken = new Map<Engine, Taken[]>(engines.map((engine) => [engine, []]))
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      const { clock, processor } = await turn(engine)
      const each = calls.get(engine)!
      taken.get(engine)!.push({ clock: clock / each, processor: processor / each })
    }
  }
  return taken
}

function medians(taken: readonly Taken[]): Taken {
  return {
    clock: medianOf(taken.map(({ clock }) => clock)),
    processor: medianOf(taken.map(({ processor }) => processor)),
  }
}

/** Speed relative to PyTorch in processor time, per round; null without it. */
function ratioToTorch(
  engines: readonly Engine[],
  taken: ReadonlyMap<Engine, readonly Taken[]>,
  engine: Engine,
): number | null {
  const torch = engines.find(({ key }) => key === 'torch')
  if (torch === undefined) return null
  const own = taken.get(engine)!
  return medianOf(taken.get(torch)!.map(({ processor }, round) => processor / own[round]!.processor))
}

/** Compares the engines' NLLs of the same rows: all compute the same flow. */
function errorOf(nll: readonly number[], reference: readonly number[]): number {
  return Math.max(
    ...nll.map((value, row) => Math.abs(value - reference[row]!) / Math.max(1, Math.abs(reference[row]!))),
  )
}

async function start(model: ModelName, keys: readonly EngineKey[], { folder, python }: Turns): Promise<Engine[]> {
  const given = write(model, folder)
  const known = keys.filter((key) => key !== 'torch' || MODELS[model].kind === 'realnvp')
  const engines = []
  for (const key of known) engines.push(await startEngine(key, given, python))
  return engines.filter((engine) => engine !== undefined)
}

/** A flow with every weight slightly off its initial value, and likely rows: no latent is beyond ten. */
function write(model: ModelName, folder: string): Given {
  const spec: FlowSpec = MODELS[model]
  const random = seededRandom(1, 'bench')
  const flow = unfittedFlow(spec, 1)
  for (const [name, { data }] of flow.weights) {
    if (/\.(mask|order|sign)$/.test(name)) continue
    for (let at = 0; at < data.length; at++) data[at]! += STIR * random.normal()
  }
  const rows = Float32Array.from({ length: ROWS * spec.dim }, () => random.normal())
  const [modelFile, rowsFile] = [join(folder, `${model}.safetensors`), join(folder, `${model}.rows`)]
  writeFileSync(modelFile, encodeSafetensors(flow))
  writeFileSync(rowsFile, rows)
  return { modelFile, rowsFile, dim: spec.dim, scaleBound: 'scaleBound' in spec ? spec.scaleBound : 0 }
}

const ROWS = 20_000
const STIR = 0.01
