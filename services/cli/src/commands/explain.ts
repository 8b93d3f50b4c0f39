import type { Counterfactual, ModelMetadata, Reason } from '@outflow/contracts'
import { formatMistake, formatRarity, reasonPercents } from '@outflow/contracts/wording'
import { decide, explainStored, scoreFile } from '@outflow/detector'
import { explanationSource, modelSummary } from '@outflow/store/models'
import { type StoredUnsentCause, unsentCauseAt } from '@outflow/store/outbox'
import { formatCount, oneLine, type Terminal } from '@outflow/terminal'
import { Option } from 'commander'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { warnOfNoAnomaly, withModelFile } from '../files/model-file.js'
import { openInput } from '../files/open-input.js'
import { interruptible } from '../interrupt.js'
import { alertRateOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { requireAnomalyId } from '../positions.js'
import { type PipelineOptions, storedAnomaly, withPipeline } from '../store-access.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Prints how rare a record is, which fields make it so, the share of each, and the expected values: for the records ' +
        'of a file, or for a stored anomaly.',
    )
    .option('--model <file>', 'model file written by `outflow train`')
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--only-anomalies', 'omit normal records')
    .addOption(
      new Option('--anomaly <id>', 'a stored anomaly: pipeline/topic/partition/offset, the id of its alert').conflicts([
        'model',
        'input',
        'onlyAnomalies',
        'alertRate',
      ]),
    )
    .option('-c, --config <file>', 'configuration with the database of --anomaly', 'outflow.yaml')
    .addOption(alertRateOption("the model's own"))
    .option('--json', 'print one JSON object per record')
    .examples(
      'outflow explain --model flights.model --input today.csv --only-anomalies',
      'outflow explain --anomaly flights/flights/2/18043 --config outflow.yaml',
    )
    .action((options: ExplainOptions) => explain(options, terminal))
}

async function explain(options: ExplainOptions, terminal: Terminal): Promise<void> {
  const { anomaly, model, input } = options
  if (anomaly !== undefined) return explainAnomaly(anomaly, options, terminal)
  if (model === undefined || input === undefined)
    throw new UsageError('explain needs --model and --input, or --anomaly')
  await interruptible((signal) => explainFile({ ...options, model, input }, terminal, signal))
}

interface ExplainOptions extends PipelineOptions {
  readonly model?: string
  readonly input?: string
  readonly anomaly?: string
  readonly alertRate?: number
  readonly onlyAnomalies?: true
}

async function explainFile(
  { model, input, ...options }: ExplainOptions & { readonly model: string; readonly input: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await withModelFile(model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const source = await openInput(input, signal)
    for await (const batch of scoreFile(detector, source)) {
      const { isAnomaly } = decide(batch.pValue, { alertRate })
      for (const [index, { line }] of batch.records.entries()) {
        const anomaly = isAnomaly[index] === 1
        if (options.onlyAnomalies && !anomaly) continue
        signal.throwIfAborted()
        const [row, nll, pValue] = [batch.firstRow + index, batch.nll[index]!, batch.pValue[index]!]
        const [explanation] = await detector.explain([batch.fields[index]!], [nll], [alertRate])
        const { reasons, counterfactual } = explanation!
        const rarity = rarityBy(detector.metadata, pValue)
        const head = `row ${row} (line ${line})  ${anomaly ? 'anomaly' : 'normal'}  ${rarity}`
        const text = `${head}\n${describeReasons(reasons, counterfactual)}`
        await printResult(terminal, options.json, { row, line, nll, pValue, anomaly, ...explanation }, text)
      }
    }
    if (options.onlyAnomalies) warnOfNoAnomaly(detector.metadata, alertRate, terminal)
  })
}

/** A model without a tail, or a provisional one, computes no p-value below that of its calibration records. */
export function rarityBy(
  { calibration, provisional }: Pick<ModelMetadata, 'calibration' | 'provisional'>,
  pValue: number,
): string {
  return formatRarity(pValue, calibration.hasTail && !provisional ? undefined : calibration.smallestPValue)
}

/** Prints the reasons of a stored anomaly; those that are not stored yet are computed by the model that scored the record. */
export async function explainAnomaly(id: string, options: PipelineOptions, terminal: Terminal): Promise<void> {
  const place = requireAnomalyId(id)
  const { anomaly, unsent, metadata } = await withPipeline(options, async (pool, config) => {
    const stored = await storedAnomaly(pool, place)
    const { pipeline } = stored
    const unsent = await unsentCauseAt(pool, pipeline, stored)
    const model = await modelSummary(pool, { pipeline, id: stored.modelId })
    const target = pipeline === config.pipeline ? config.detection : undefined
    return {
      anomaly: { ...stored, ...(await explainStored(explanationSource(pool, pipeline), stored, target)) },
      unsent,
      metadata: model?.metadata,
    }
  })
  if (anomaly.unexplainable !== null) terminal.say(`no reasons can be computed: ${oneLine(anomaly.unexplainable)}`)
  const { pValue, severity, modelId, record } = anomaly
  const text = [
    `${id}  ${severity}  ${metadata ? rarityBy(metadata, pValue) : formatRarity(pValue)}  model ${modelId}`,
    ...(anomaly.reasons === null ? [] : [describeReasons(anomaly.reasons, anomaly.counterfactual)]),
    // States that fields are missing: the likelihood is that of the observed fields.
    ...(anomaly.missing.length > 0
      ? [`  scored without ${oneLine(anomaly.missing.join(', '))}: missing in the record`]
      : []),
    ...(anomaly.rescored ? ['  found by a rescore of past records'] : []),
    ...(unsent === null ? [] : [describeUnsent(unsent)]),
    `  record ${recordText(record)}`,
  ].join('\n')
  const recalibrationId = anomaly.recalibrationId?.toString() ?? null
  const result = { id, ...anomaly, offset: String(anomaly.offset), recalibrationId, unsent }
  await printResult(terminal, options.json, result, text)
}

/** The record as JSON, cut if it would fill the terminal. */
export function recordText(record: unknown): string {
  const text = JSON.stringify(record)
  if (text.length <= MOST_CHARS) return text
  return `${text.slice(0, MOST_CHARS).toWellFormed()}… (${formatCount(text.length)} characters; --json prints all)`
}

/** About a screen. */
const MOST_CHARS = 2_000

/** Why no single alert was sent for the anomaly. */
function describeUnsent({ because, ruleId, ruleWhy, groupId }: StoredUnsentCause): string {
  if (because === 'rule') return `  no alert: rule ${ruleId} hides it, ${oneLine(ruleWhy ?? '')}`
  if (because === 'cooldown') return '  no alert: cool-down of its key'
  if (because === 'provisional') return '  no alert: found by a provisional model'
  return `  alert in the group ${oneLine(groupId ?? '')}, which is sent when it closes`
}

/** One line per field, the most surprising first, with its share; then the counterfactual. */
export function describeReasons(reasons: readonly Reason[], counterfactual: Counterfactual | null): string {
  // A normal record may have a reason of 0 bits: each of its fields is likeliest as it is.
  const percents = reasonPercents(reasons).filter((percent) => percent > 0)
  const lines = percents.map((percent, at) => `  ${String(percent).padStart(3)} %  ${oneLine(reasons[at]!.text)}`)
  if (lines.length === 0) lines.push('  no field stands out')
  if (counterfactual !== null) {
    const { text, mistake } = counterfactual
    lines.push(`${' '.repeat(9)}${oneLine(mistake === undefined ? text : `${text}: ${formatMistake(mistake)}`)}`)
  }
  return lines.join('\n')
}
