import type { Reason } from '@outflow/contracts'
import type { Command } from 'commander'
import { UsageError } from '../errors.js'
import { interruptible } from '../interrupt.js'
import { withModelFile } from '../model-file.js'
import { alertRateOption, formatOption } from '../options.js'
import type { Format } from '../record-files/format.js'
import { openInput } from '../record-files/open-input.js'
import { scoreRecords } from '../score-records.js'
import type { CommandContext } from './command-context.js'
import { describeReasons } from './describe-reasons.js'
import { explainStored } from './explain-stored.js'

export interface ExplainOptions {
  readonly model?: string
  readonly input?: string
  readonly anomaly?: string
  readonly config: string
  readonly format?: Format
  readonly alertRate?: number
  readonly onlyAnomalies?: true
  readonly json?: true
}

/** Why a record scored as it did. */
export interface Explanation {
  readonly row: number
  readonly line: number
  readonly nll: number
  readonly p_value: number
  readonly anomaly: boolean
  readonly reasons: readonly Reason[]
}

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .summary('say why records are improbable')
    .description(
      'Says which fields make a record surprising, by how many bits, and what would have been expected there: for the records ' +
        'of a file, or for an anomaly that is stored in Postgres.',
    )
    .option('--model <file>', 'what `outflow train` wrote')
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--only-anomalies', 'pass over records within the normal')
    .option('--anomaly <id>', 'a stored anomaly: pipeline/topic/partition/offset, the id of its alert')
    .option('--config <file>', 'where the database of --anomaly is named', 'outflow.yaml')
    .addOption(formatOption())
    .addOption(alertRateOption("the model's own"))
    .option('--json', 'print one JSON object a record')
    .addHelpText(
      'after',
      `
Examples:
  outflow explain --model flights.model --input today.csv --only-anomalies
  outflow explain --anomaly flights/flights/2/18043 --config outflow.yaml`,
    )
    .action((options: ExplainOptions) => interruptible((signal) => explain(options, context, signal)))
}

async function explain(options: ExplainOptions, { terminal }: CommandContext, signal: AbortSignal): Promise<void> {
  if (options.anomaly !== undefined) {
    if (options.model || options.input) throw new UsageError('give either --anomaly, or --model and --input')
    return explainStored(options.anomaly, options, terminal)
  }
  const { model, input } = options
  if (!model || !input) throw new UsageError('explain needs --model and --input, or --anomaly')
  await withModelFile(model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const source = await openInput(input, options.format)
    for await (const batch of scoreRecords(detector, source, signal)) {
      for (const [index, { line }] of batch.records.entries()) {
        const anomaly = batch.pValue[index]! <= alertRate
        if (options.onlyAnomalies && !anomaly) continue
        signal.throwIfAborted()
        const explanation: Explanation = {
          row: batch.firstRow + index,
          line,
          nll: batch.nll[index]!,
          p_value: batch.pValue[index]!,
          anomaly,
          reasons: await detector.explain(batch.fields[index]!),
        }
        await terminal.result(options.json ? `${JSON.stringify(explanation)}\n` : describe(explanation))
      }
    }
  })
}

function describe({ row, line, nll, p_value, anomaly, reasons }: Explanation): string {
  const verdict = anomaly ? 'anomaly' : 'normal'
  return `row ${row} (line ${line})  ${verdict}  nll ${nll.toFixed(2)} nats  p ${p_value.toPrecision(2)}\n${describeReasons(reasons)}`
}
