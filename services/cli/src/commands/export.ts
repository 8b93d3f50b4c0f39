import { eachAnomaly } from '@outflow/store/anomalies'
import { formatCounted, formatSeconds, type Terminal } from '@outflow/terminal'
import { Option } from 'commander'
import { type CommandContext, printJson } from '../command-context.js'
import { UsageError } from '../errors.js'
import { outputProgress, withOutput } from '../files/open-output.js'
import { interruptible } from '../interrupt.js'
import { moment, type RangeOptions, rangeOf, toOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { withPipeline } from '../store-access.js'
import { csvWriter, parquetWriter } from './export/anomaly-writers.js'

const EXPORT_FORMATS = ['parquet', 'csv'] as const
type ExportFormat = (typeof EXPORT_FORMATS)[number]

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      "Writes the anomalies of a range of Kafka's record time to a file, with their reasons, in the order of time. Memory is " +
        'bounded. In CSV, text that a spreadsheet would run as a formula (it begins with = + - @) is preceded by an ' +
        'apostrophe; Parquet has the values unchanged.',
    )
    .requiredOption('--from <time>', "start, by Kafka's timestamp: ISO 8601, or 24h for 24 hours ago", moment)
    .addOption(toOption())
    .addOption(
      new Option('-f, --format <format>', 'for stdout and for names without .parquet or .csv').choices(EXPORT_FORMATS),
    )
    .requiredOption('-o, --output <file>', 'a .parquet or .csv file; - is stdout')
    .pipelineOptions('the summary')
    .examples(
      'outflow export --from 7d --output anomalies.parquet',
      'outflow export --from 2026-01-01 --to 2026-02-01 --output january.csv.gz',
      'outflow export --from 24h --format csv --output - | head',
    )
    .action((options: ExportOptions) => interruptible((signal) => exportAnomalies(options, terminal, signal)))
}

interface ExportOptions extends RangeOptions {
  readonly format?: ExportFormat
  readonly output: string
}

export async function exportAnomalies(options: ExportOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { from, to } = rangeOf(options)
  const path = options.output
  const format = formatOf(options)
  const startedAt = performance.now()
  const progress = outputProgress(path, terminal, { label: 'export', total: null, unit: 'anomaly' })
  let count = 0
  const pipeline = await withPipeline(options, (pool, { pipeline }) =>
    withOutput(path, async (output) => {
      const writer = format === 'csv' ? csvWriter(output) : parquetWriter(output)
      await eachAnomaly(pool, { pipeline, from, to }, async (anomalies) => {
        signal.throwIfAborted()
        await writer.write(anomalies)
        count += anomalies.length
        progress?.update(count)
      })
      await writer.end()
      return pipeline
    }),
  ).finally(() => progress?.stop())
  const durationMs = Math.round(performance.now() - startedAt)
  if (options.json) await printJson(terminal, { pipeline, from, to, format, count, output: path, durationMs })
  terminal.say(`${formatCounted(count, 'anomaly')} of ${pipeline} as ${format} in ${formatSeconds(durationMs)}`)
}

/** @throws {UsageError} when the name gives no format, or has .gz and the format is Parquet, which readers expect uncompressed */
export function formatOf({ format, output }: Pick<ExportOptions, 'format' | 'output'>): ExportFormat {
  const plain = output.replace(/\.gz$/i, '')
  const known = EXPORT_FORMATS.find((own) => plain.toLowerCase().endsWith(`.${own}`)) ?? format
  if (known === undefined) {
    throw new UsageError(`${output} has no known extension; name it .parquet or .csv, or give --format parquet or csv`)
  }
  if (known === 'parquet' && plain !== output) {
    throw new UsageError(`${output}: a Parquet file is compressed inside; name it ${plain}`)
  }
  return known
}
