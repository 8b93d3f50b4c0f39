import type { Counterfactual, Explanation, Reason } from '@outflow/contracts'
import { decide, scoreFile, unexplainable } from '@outflow/detector'
import { type Format, isRejection } from '@outflow/records'
import { ModelUnknown, type Pool } from '@outflow/store'
import { anomalyAt, type StoredAnomaly } from '@outflow/store/anomalies'
import { loadModel } from '@outflow/store/models'
import { type AlertFate, alertFateAt } from '@outflow/store/outbox'
import { oneLine, type Terminal } from '@outflow/terminal'
import type { Command } from 'commander'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { interruptible } from '../interrupt.js'
import { withDetector, withModelFile } from '../model-file.js'
import { formatOption, openInput } from '../open-input.js'
import { alertRateOption } from '../options.js'
import { parseAnomalyId } from '../positions.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'

export function define(command: Command, { terminal }: CommandContext): void {
  command
    .description(
      'Prints which fields make a record improbable, by how many bits, and the expected values: for the records ' +
        'of a file, or for a stored anomaly.',
    )
    .option('--model <file>', 'model file written by `outflow train`')
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--only-anomalies', 'omit normal records')
    .option('--anomaly <id>', 'a stored anomaly: pipeline/topic/partition/offset, the id of its alert')
    .option('-c, --config <file>', 'configuration with the database of --anomaly', 'outflow.yaml')
    .addOption(formatOption())
    .addOption(alertRateOption("the model's own"))
    .option('--json', 'print one JSON object per record')
    .addHelpText(
      'after',
      `
Examples:
  outflow explain --model flights.model --input today.csv --only-anomalies
  outflow explain --anomaly flights/flights/2/18043 --config outflow.yaml`,
    )
    .action((options: ExplainOptions) => interruptible((signal) => explain(options, terminal, signal)))
}

async function explain(options: ExplainOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { anomaly, model, input } = options
  if (anomaly !== undefined) {
    if (model !== undefined || input !== undefined)
      throw new UsageError('give either --anomaly, or --model and --input')
    return explainStored(anomaly, options, terminal)
  }
  if (model === undefined || input === undefined)
    throw new UsageError('explain needs --model and --input, or --anomaly')
  await explainFile({ ...options, model, input }, terminal, signal)
}

interface ExplainOptions extends PipelineOptions {
  readonly model?: string
  readonly input?: string
  readonly anomaly?: string
  readonly format?: Format
  readonly alertRate?: number
  readonly onlyAnomalies?: true
}

/** Why a record of a file scored as it did. */
interface ExplainedRow extends Explanation {
  readonly row: number
  readonly line: number
  readonly nll: number
  readonly p_value: number
  readonly anomaly: boolean
}

/** Says of the records of a file why they scored as they did, each as soon as it is known. */
async function explainFile(
  { model, input, ...options }: ExplainOptions & { readonly model: string; readonly input: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await withModelFile(model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const source = await openInput(input, options.format)
    for await (const batch of scoreFile(detector, source)) {
      const { isAnomaly } = decide(batch.pValue, { alertRate })
      for (const [index, { line }] of batch.records.entries()) {
        const anomaly = isAnomaly[index] === 1
        if (options.onlyAnomalies && !anomaly) continue
        signal.throwIfAborted()
        const explained: ExplainedRow = {
          row: batch.firstRow + index,
          line,
          nll: batch.nll[index]!,
          p_value: batch.pValue[index]!,
          anomaly,
          ...(await detector.explain(batch.fields[index]!)),
        }
        await printResult(terminal, options.json, explained, describe(explained))
      }
    }
  })
}

function describe({ row, line, nll, p_value, anomaly, reasons, counterfactual }: ExplainedRow): string {
  const decision = anomaly ? 'anomaly' : 'normal'
  return `row ${row} (line ${line})  ${decision}  nll ${nll.toFixed(2)} nats  p ${p_value.toPrecision(2)}\n${describeReasons(reasons, counterfactual)}`
}

/**
 * Prints the reasons that were stored with an anomaly. In a burst of anomalies ingest stores some without reasons: those are
 * computed now, with the model that scored the record.
 */
async function explainStored(id: string, options: PipelineOptions, terminal: Terminal): Promise<void> {
  const { pipeline, position } = parseAnomalyId(id)
  const { anomaly, isExplained, unsent } = await withPipeline(options, async (pool) => {
    const [stored, unsent] = await Promise.all([
      anomalyAt(pool, pipeline, position),
      alertFateAt(pool, pipeline, position),
    ])
    if (!stored) throw new UsageError(`no anomaly ${id} is stored; the view analyst.anomalies lists the stored ones`)
    const explanation = stored.reasons.length > 0 ? stored : await explainNow(pool, stored, terminal)
    return { anomaly: { ...stored, ...explanation }, isExplained: explanation !== null, unsent }
  })
  const { nll, pValue, severity, modelId, record } = anomaly
  const text = [
    `${id}  ${severity}  nll ${nll.toFixed(2)} nats  p ${pValue.toPrecision(2)}  model ${modelId}`,
    ...(isExplained ? [describeReasons(anomaly.reasons, anomaly.counterfactual)] : []),
    // A likelihood of what was observed is reported as one.
    ...(anomaly.missing.length > 0
      ? [`  scored without ${oneLine(anomaly.missing.join(', '))}: missing in the record`]
      : []),
    ...(anomaly.rescored ? ['  found by a rescore of past records'] : []),
    ...(unsent === null ? [] : [describeFate(unsent)]),
    `  record ${JSON.stringify(record)}`,
  ].join('\n')
  await printResult(terminal, options.json, { id, ...anomaly, offset: String(anomaly.offset), unsent }, text)
}

/** Computes the reasons of an anomaly that was stored without, or prints why that is not possible. */
async function explainNow(
  pool: Pool,
  { pipeline, modelId, record }: StoredAnomaly,
  { say }: Terminal,
): Promise<Explanation | null> {
  const model = await loadModel(pool, { pipeline, id: modelId }).catch((error: unknown) => {
    if (error instanceof ModelUnknown) return null
    throw error
  })
  const cannot = (why: string) => {
    say(`no reasons were stored, and none can be computed: ${oneLine(why)}`)
    return null
  }
  if (model === null) return cannot(unexplainable(modelId, null)!)
  return withDetector(model.artefact, async (detector) => {
    const why = unexplainable(modelId, detector.metadata)
    if (why !== null) return cannot(why)
    const fields = detector.read(record)
    return isRejection(fields) ? cannot(fields.detail) : await detector.explain(fields)
  })
}

/** Why no single alert was sent for the anomaly. */
function describeFate({ because, ruleId, ruleWhy, groupId }: AlertFate): string {
  if (because === 'rule') return `  no alert: rule ${ruleId} hides it, ${oneLine(ruleWhy ?? '')}`
  if (because === 'cooldown') return '  no alert: cool-down of its key'
  return `  sent in the group ${oneLine(groupId ?? '')}`
}

/** One line a field, the most surprising first; then what would have been normal. */
export function describeReasons(reasons: readonly Reason[], counterfactual: Counterfactual | null): string {
  const lines = reasons.map(({ bits, text }) => `  ${bits.toFixed(1).padStart(7)} bits  ${oneLine(text)}`)
  if (lines.length === 0) lines.push('  no field stands out')
  if (counterfactual !== null) lines.push(`${' '.repeat(16)}${oneLine(counterfactual.text)}`)
  return lines.join('\n')
}
