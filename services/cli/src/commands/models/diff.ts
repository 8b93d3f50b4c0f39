import { type Divergence, divergenceOf } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import { type DifferingFacts, differingFacts, loadModel, type StoredModel } from '@outflow/store/models'
import type { Terminal } from '@outflow/terminal'
import { printResult } from '../../command-context.js'
import { withDetector } from '../../model-file.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../../store-access.js'

/** How two models differ. */
interface Difference {
  readonly facts: DifferingFacts
  /** null when their features differ. */
  readonly divergence: Divergence | null
}

/** Prints how two models differ: in features, training and gate, and in their likelihoods. */
export async function diffModels(
  first: string,
  second: string,
  options: PipelineOptions,
  terminal: Terminal,
): Promise<void> {
  const [a, b] = await withPipeline(options, async (pool, { pipeline }) => [
    await load(pool, pipeline, first),
    await load(pool, pipeline, second),
  ])
  const difference = await differenceOf(a!, b!)
  await printResult(terminal, options.json, difference, describe(a!, b!, difference, terminal))
}

async function load(pool: Pool, pipeline: string, id: string): Promise<StoredModel> {
  const model = await modelBeginning(pool, pipeline, id)
  return loadModel(pool, { pipeline, id: model.id })
}

async function differenceOf(a: StoredModel, b: StoredModel): Promise<Difference> {
  return withDetector(a.artefact, (first) =>
    withDetector(b.artefact, async (second) => ({
      facts: differingFacts(a, b),
      divergence: await divergenceOf(first, second),
    })),
  )
}

function describe(a: StoredModel, b: StoredModel, { facts, divergence }: Difference, terminal: Terminal): string {
  const table = terminal.table({
    head: ['', a.id, b.id],
    rows: Object.entries(facts).map(([name, [own, other]]) => [name, show(own), show(other)]),
  })
  const likelihoods =
    divergence === null
      ? 'their features differ: likelihoods cannot be compared'
      : `records of the second are ${divergence.secondToFirst.toFixed(3)} nats higher under the first, ` +
        `records of the first ${divergence.firstToSecond.toFixed(3)} nats higher under the second`
  return `${table}\n${likelihoods}`
}

const show = (value: unknown): string => (value === null ? '–' : String(value))
