import { addExclusion, listExclusions, removeExclusion } from '@outflow/store/training'
import type { Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { type ChangeOptions, changeOf } from '../../options.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'

export interface ExcludeOptions extends ChangeOptions {
  readonly from: Date
  readonly to: Date
}

/** Keeps a span of Kafka's record time out of every training window. */
export async function excludeSpan({ from, to, ...options }: ExcludeOptions, terminal: Terminal): Promise<void> {
  if (from >= to) throw new UsageError(`--from ${from.toISOString()} is not before --to ${to.toISOString()}`)
  const id = await withPipeline(options, (pool, { pipeline }) =>
    addExclusion(pool, { pipeline, from, to, ...changeOf(options) }),
  )
  const said = `${id}: excluded from ${from.toISOString()} to ${to.toISOString()}, from the next fit on`
  await terminal.result(options.json ? `${JSON.stringify({ id, from, to })}\n` : `${said}\n`)
}

/** Lets an excluded span be learnt from again. @throws {UsageError} when there is none of that id */
export async function includeSpan(id: string, options: PipelineOptions, terminal: Terminal): Promise<void> {
  if (!/^\d{1,18}$/.test(id)) throw new UsageError(`an exclusion's id is a number, got ${id}`)
  const wasThere = await withPipeline(options, (pool, { pipeline }) => removeExclusion(pool, { pipeline, id }))
  if (!wasThere) throw new UsageError(`no exclusion has the id ${id}; \`outflow models exclusions\` lists them`)
  await terminal.result(`${id}: included again, from the next fit on\n`)
}

/** Prints the spans that no model learns from. */
export async function listSpans(options: PipelineOptions, terminal: Terminal): Promise<void> {
  const spans = await withPipeline(options, (pool, { pipeline }) => listExclusions(pool, { pipeline }))
  if (options.json) return terminal.result(`${JSON.stringify(spans)}\n`)
  if (spans.length === 0) return terminal.result('nothing is excluded\n')
  const rows = spans.map(({ id, from, to, why, by }) => [id, from.toISOString(), to.toISOString(), why, by])
  await terminal.result(`${terminal.table({ head: ['id', 'from', 'to', 'why', 'by'], rows })}\n`)
}
