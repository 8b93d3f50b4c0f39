import { type Divergence, divergenceOf } from '@outflow/detector'
import { type DecisionDifference, loadDifference, type ModelDifference, type StoredModel } from '@outflow/store/models'
import { formatCount, type Terminal } from '@outflow/terminal'
import { printResult } from '../../command-context.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../../store-access.js'

interface Difference extends ModelDifference {
  /** null when their features differ. */
  readonly divergence: Divergence | null
}

/** Prints how two models differ: in features, training and gate, in their likelihoods, and in what they found. */
export async function diffModels(
  first: string,
  second: string,
  options: PipelineOptions,
  terminal: Terminal,
): Promise<void> {
  const {
    first: a,
    second: b,
    facts,
    ...found
  } = await withPipeline(options, async (pool, { pipeline }) => {
    const own = await modelBeginning(pool, pipeline, first)
    const other = await modelBeginning(pool, pipeline, second)
    return loadDifference(pool, { pipeline, ids: [own.id, other.id] })
  })
  const difference: Difference = { facts, divergence: await divergenceOf(a.artefact, b.artefact), ...found }
  await printResult(terminal, options.json, difference, describe(a, b, difference, terminal))
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
