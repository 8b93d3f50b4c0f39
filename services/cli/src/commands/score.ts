import type { Feature } from '@outflow/contracts'
import { nameOfPath } from '@outflow/contracts/feature'
import { formatShare } from '@outflow/contracts/wording'
import { decide, type ScoredBatch, scoreFile } from '@outflow/detector'
import { compilePath, type FileRecord, type Format } from '@outflow/records'
import { formatCounted, formatSeconds, type Terminal } from '@outflow/terminal'
import { type CommandContext, printJson } from '../command-context.js'
import { warnOfNoAnomaly, withModelFile } from '../files/model-file.js'
import { openInput } from '../files/open-input.js'
import { formatOption, makeRowWriter, outputFormat, outputProgress, withOutput } from '../files/open-output.js'
import { interruptible } from '../interrupt.js'
import { alertRateOption, jsonOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Scores every record of a file: how improbable it is (nll, nats, higher is less likely), the share of normal records that ' +
        'have an nll at least as high (p_value), and whether that is within the alert rate (anomaly). ' +
        'Rows are numbered from 0 in input order. A record that breaks the contract of the model ends the command.',
    )
    .requiredOption('--model <file>', 'model file written by `outflow train`')
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('-o, --output <file>', 'scores as .csv or .ndjson, also .gz; - is stdout')
    .addOption(formatOption('that of the input'))
    .addOption(alertRateOption("the model's own"))
    .addOption(jsonOption('the summary'))
    .examples(
      'outflow score --model flights.model --input today.csv --output scores.csv',
      'zcat today.ndjson.gz | outflow score --model flights.model --input - --output - --format csv | sort -t, -k3g | head',
    )
    .action((options: ScoreOptions) => interruptible((signal) => score(options, terminal, signal)))
}

interface ScoreOptions {
  readonly model: string
  readonly input: string
  readonly output: string
  readonly format?: Format
  readonly alertRate?: number
  readonly json?: true
}

const COLUMNS = ['row', 'nll', 'p_value', 'anomaly'] as const

async function score(options: ScoreOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const summary = await withModelFile(options.model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const input = await openInput(options.input, signal)
    const format = outputFormat(options.output, options.format, input.format)
    const progress = outputProgress(options.output, terminal, { label: 'score', total: null, unit: 'row' })
    const counts = { rows: 0, anomalies: 0 }
    const absent = absentFields(detector.metadata.features)
    try {
      await withOutput(options.output, async (output) => {
        const writeRows = makeRowWriter(output, format, COLUMNS)
        for await (const batch of scoreFile(detector, input)) {
          signal.throwIfAborted()
          const { isAnomaly, anomalies } = decide(batch.pValue, { alertRate })
          await writeRows(rowsOf(batch, isAnomaly))
          absent.observe(batch.records)
          counts.rows += isAnomaly.length
          counts.anomalies += anomalies.length
          progress?.update(counts.rows, formatCounted(counts.anomalies, 'anomaly'))
        }
      })
    } finally {
      progress?.stop()
    }
    const warning = absent.warning()
    if (warning !== null) terminal.say(warning)
    warnOfNoAnomaly(detector.metadata, alertRate, terminal)
    return { ...counts, alertRate, modelId: detector.metadata.modelId, output: options.output }
  })
  const durationMs = Math.round(performance.now() - startedAt)
  if (options.json) await printJson(terminal, { ...summary, durationMs })
  terminal.say(
    `${formatCounted(summary.rows, 'row')} scored in ${formatSeconds(durationMs)}; ${formatCounted(summary.anomalies, 'anomaly')} ` +
      `(${formatShare(summary.anomalies / summary.rows)}) at an alert rate of ${formatShare(summary.alertRate)}`,
  )
}

function rowsOf({ firstRow, nll, pValue }: ScoredBatch, isAnomaly: Uint8Array) {
  return Array.from(nll, (value, index) => ({
    row: firstRow + index,
    nll: value,
    p_value: pValue[index]!,
    anomaly: isAnomaly[index] === 1,
  }))
}

/** Finds the optional fields of a model that no record of a file has: the file is another one, or a column was renamed. */
function absentFields(features: readonly Feature[]) {
  let absent = features.flatMap((feature) =>
    feature.type !== 'window' && feature.optional ? [{ path: feature.path, get: compilePath(feature.path) }] : [],
  )
  return {
    observe: (records: readonly FileRecord[]): void => {
      absent = absent.filter(({ get }) => records.every(({ record }) => get(record) === undefined))
    },
    /** Null: each field is in at least one record. */
    warning: (): string | null =>
      absent.length === 0
        ? null
        : `warning: no record has ${absent.map(({ path }) => nameOfPath(path)).join(', ')}, which the model uses; scored as missing`,
  }
}
