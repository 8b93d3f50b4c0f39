import { loadConfig } from '@outflow/runtime'
import { eachAnomaly } from '@outflow/store/anomalies'
import { formatCount, formatSeconds, type Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { withOutput } from '../../open-output.js'
import { withStore } from '../../store-access.js'
import { csvWriter } from './csv.js'
import { EXPORT_FORMATS, type ExportFormat } from './formats.js'
import { parquetWriter } from './parquet.js'

export interface ExportOptions {
  readonly from: Date
  readonly to?: Date
  readonly pipeline?: string
  readonly format?: ExportFormat
  readonly output: string
  readonly config: string
  readonly json?: true
}

/** Rows in memory, and in a row group of Parquet; a row is a kilobyte or two. */
const ROWS_AT_ONCE = 10_000

/** Writes the anomalies of a range of Kafka's record time to a file, with their reasons. */
export async function exportAnomalies(options: ExportOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { from, to = new Date(), output: path } = options
  if (from >= to) throw new UsageError(`--from ${from.toISOString()} is not before --to ${to.toISOString()}`)
  if (options.json && path === '-') {
    throw new UsageError(
      '--json prints its summary on stdout, where --output - writes the anomalies; give --output a file',
    )
  }
  const format = options.format ?? formatOf(path)
  const config = await loadConfig(options.config)
  const pipeline = options.pipeline ?? config.pipeline
  const startedAt = Date.now()
  const progress = terminal.progress({ label: 'export', total: null, unit: 'anomalies' })
  let count = 0
  try {
    await withStore(config.postgres.url, (pool) =>
      withOutput(path, async (output) => {
        const writer = format === 'csv' ? csvWriter(output) : parquetWriter(output)
        await eachAnomaly(pool, { pipeline, from, to }, ROWS_AT_ONCE, async (anomalies) => {
          signal.throwIfAborted()
          await writer.write(anomalies)
          count += anomalies.length
          progress.update(count)
        })
        await writer.end()
      }),
    )
  } finally {
    progress.stop()
  }
  const durationMs = Date.now() - startedAt
  if (options.json)
    await terminal.result(`${JSON.stringify({ pipeline, from, to, format, count, output: path, durationMs })}\n`)
  terminal.say(`${formatCount(count)} anomalies of ${pipeline} as ${format} in ${formatSeconds(durationMs)}`)
}

function formatOf(path: string): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => path.replace(/\.gz$/, '').endsWith(`.${known}`))
  if (format === undefined) {
    throw new UsageError(`${path} has no known extension; name it .parquet or .csv, or give --format parquet or csv`)
  }
  return format
}
