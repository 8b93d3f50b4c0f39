import { type Divergence, divergenceOf } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import {
  type DecisionDifference,
  type DifferingFacts,
  decisionDifference,
  differingFacts,
  type FieldDifference,
  fieldDifferences,
  loadModel,
  type StoredModel,
} from '@outflow/store/models'
import { formatCount, type Terminal } from '@outflow/terminal'
import { printResult } from '../../command-context.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../../store-access.js'

interface Difference {
  readonly facts: DifferingFacts
  /** null when their features differ. */
  readonly divergence: Divergence | null
  /** null when they never scored the same records. */
  readonly decisions: DecisionDifference | null
  readonly fields: readonly FieldDifference[]
}

/** Prints how two models differ: in features, training and gate, in their likelihoods, and in what they found. */
export async function diffModels(
  first: string,
  second: string,
  options: PipelineOptions,
  terminal: Terminal,
): Promise<void> {
  const { a, b, ...found } = await withPipeline(options, async (pool, { pipeline }) => {
    const [a, b] = [await load(pool, pipeline, first), await load(pool, pipeline, second)]
    return { a, b, decisions: await decisionDifference(pool, a, b), fields: await fieldDifferences(pool, a, b) }
  })
  const difference: Difference = {
    facts: differingFacts(a, b),
    divergence: await divergenceOf(a.artefact, b.artefact),
    ...found,
  }
  await printResult(terminal, options.json, difference, describe(a, b, difference, terminal))
}

async function load(pool: Pool, pipeline: string, id: string): Promise<StoredModel> {
  const model = await modelBeginning(pool, pipeline, id)
  return loadModel(pool, { pipeline, id: model.id })
}

function describe(a: StoredModel, b: StoredModel, difference: Difference, terminal: Terminal): string {
  const { facts, divergence, decisions, fields } = difference
  const table = terminal.table({
    head: ['', a.id, b.id],
    rows: Object.entries(facts).map(([name, [own, other]]) => [name, show(own), show(other)]),
  })
  const likelihoods =
    divergence === null
      ? 'their features differ: likelihoods cannot be compared'
      : `records of the second are ${divergence.secondToFirst.toFixed(3)} nats higher under the first, ` +
        `records of the first ${divergence.firstToSecond.toFixed(3)} nats higher under the second`
  const parts = [table, likelihoods]
  if (decisions !== null) parts.push(inWords(decisions))
  if (fields.length > 0) {
    const rows = fields.map(({ field, first, second }) => [
      field ?? '(no reasons)',
      perMillion(first),
      perMillion(second),
    ])
    parts.push(terminal.table({ head: ['anomalies in a million records, by field', a.id, b.id], rows }))
  }
  return parts.join('\n')
}

const inWords = ({ on, records, both, first, second }: DecisionDifference): string =>
  `of ${formatCount(records)} ${on} ${formatCount(both)} are anomalies under both, ${formatCount(first)} under the first alone ` +
  `and ${formatCount(second)} under the second alone`

const perMillion = (rate: number | null): string => (rate === null ? '–' : formatCount(Math.round(rate)))

const show = (value: unknown): string => (value === null ? '–' : String(value))
