import type { Command } from 'commander'
import { UsageError } from '../errors.js'
import { interruptible } from '../interrupt.js'
import { withModelFile } from '../model-file.js'
import { alertRateOption, formatOption, jsonOption } from '../options.js'
import type { Format } from '../record-files/format.js'
import { openInput } from '../record-files/open-input.js'
import { withOutput } from '../record-files/open-output.js'
import { formatOfOutput, makeRowWriter } from '../record-files/row-writer.js'
import { type ScoredBatch, scoreRecords } from '../score-records.js'
import { formatCount, formatSeconds, formatShare } from '../terminal.js'
import type { CommandContext } from './command-context.js'

interface ScoreOptions {
  readonly model: string
  readonly input: string
  readonly output: string
  readonly format?: Format
  readonly alertRate?: number
  readonly json?: true
}

const COLUMNS = ['row', 'nll', 'p_value', 'anomaly'] as const

export function addScore(program: Command, context: CommandContext): void {
  program
    .command('score')
    .summary('score the records of a file')
    .description(
      'Scores every record of a file: how improbable it is (nll, nats, higher is stranger), the share of normal records that ' +
        'are at least as strange (p_value), and whether that is within the alert rate (anomaly). ' +
        'Rows count from 0 in input order. A record that breaks the contract of the model ends the command.',
    )
    .requiredOption('--model <file>', 'what `outflow train` wrote')
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('--output <file>', 'scores as .csv or .ndjson, also .gz; - is stdout')
    .addOption(formatOption())
    .addOption(alertRateOption("the model's own"))
    .addOption(jsonOption('the summary'))
    .addHelpText(
      'after',
      `
Examples:
  outflow score --model flights.model --input today.csv --output scores.csv
  zcat today.ndjson.gz | outflow score --model flights.model --input - --output - | sort -t, -k3g | head`,
    )
    .action((options: ScoreOptions) => interruptible((signal) => score(options, context, signal)))
}

async function score(options: ScoreOptions, { terminal }: CommandContext, signal: AbortSignal): Promise<void> {
  if (options.json && options.output === '-') {
    throw new UsageError('--json prints its summary on stdout, where --output - puts the scores; give --output a file')
  }
  const startedAt = Date.now()
  const summary = await withModelFile(options.model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const input = await openInput(options.input, options.format)
    const progress = terminal.progress({ label: 'score', total: null, unit: 'rows' })
    const counts = { rows: 0, anomalies: 0 }
    try {
      await withOutput(options.output, async (output) => {
        const format = formatOfOutput(options.output, options.format ?? input.format)
        const writer = makeRowWriter(output, format, COLUMNS)
        for await (const batch of scoreRecords(detector, input, signal)) {
          const rows = rowsOf(batch, alertRate)
          await writer.write(rows)
          counts.rows += rows.length
          counts.anomalies += rows.filter((row) => row.anomaly).length
          progress.update(counts.rows, `${formatCount(counts.anomalies)} anomalies`)
        }
      })
    } finally {
      progress.stop()
    }
    return { ...counts, alertRate, modelId: detector.metadata.modelId, output: options.output }
  })
  const durationMs = Date.now() - startedAt
  if (options.json) await terminal.result(`${JSON.stringify({ ...summary, durationMs })}\n`)
  terminal.say(
    `${formatCount(summary.rows)} rows scored in ${formatSeconds(durationMs)}; ${formatCount(summary.anomalies)} anomalies ` +
      `(${formatShare(summary.anomalies / summary.rows)}) at an alert rate of ${formatShare(summary.alertRate)}`,
  )
}

function rowsOf({ firstRow, nll, pValue }: ScoredBatch, alertRate: number) {
  return Array.from(nll, (value, index) => ({
    row: firstRow + index,
    nll: value,
    p_value: pValue[index]!,
    anomaly: pValue[index]! <= alertRate,
  }))
}
