import { divergenceOf } from '@outflow/detector'
import { type DecisionDifference, loadDifference } from '@outflow/store/models'
import { formatCount, type Terminal } from '@outflow/terminal'
import { printResult } from '../../command-context.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../../store-access.js'

/** Prints how two models differ: in features, training and gate, in their likelihoods, and in what they found. */
export async function diffModels(
  first: string,
  second: string,
  options: PipelineOptions,
  terminal: Terminal,
): Promise<void> {
  const found = await withPipeline(options, async (pool, { pipeline }) => {
    const own = await modelBeginning(pool, pipeline, first)
    const other = await modelBeginning(pool, pipeline, second)
    return loadDifference(pool, { pipeline, ids: [own.id, other.id] })
  })
  const { first: a, second: b, facts, ...differences } = found
  // null when their features or usual values differ
  const divergence = await divergenceOf(a.artefact, b.artefact)
  const { decisions, fields } = differences
  const parts = [
    terminal.table({
      head: ['', a.id, b.id],
      rows: Object.entries(facts).map(([name, [own, other]]) => [name, show(own), show(other)]),
    }),
    divergence === null
      ? 'their features or usual values differ: likelihoods cannot be compared'
      : `records of the second are ${divergence.secondToFirst.toFixed(3)} nats higher under the first, ` +
        `records of the first ${divergence.firstToSecond.toFixed(3)} nats higher under the second`,
  ]
  if (decisions !== null) parts.push(inWords(decisions))
  if (fields.length > 0) {
    const rows = fields.map((own) => [own.field ?? '(no reasons)', perMillion(own.first), perMillion(own.second)])
    parts.push(terminal.table({ head: ['anomalies in a million records, by field', a.id, b.id], rows }))
  }
  await printResult(terminal, options.json, { facts, divergence, ...differences }, parts.join('\n'))
}

const inWords = ({ on, records, both, first, second }: DecisionDifference): string =>
  `of ${formatCount(records)} ${on} ${formatCount(both)} are anomalies under both, ${formatCount(first)} under the first alone ` +
  `and ${formatCount(second)} under the second alone`

const perMillion = (rate: number | null): string => (rate === null ? '–' : formatCount(Math.round(rate)))

const show = (value: unknown): string => (value === null ? '–' : String(value))
