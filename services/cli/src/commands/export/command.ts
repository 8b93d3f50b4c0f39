import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption, moment } from '../../options.js'
import type { ExportOptions } from './export-anomalies.js'
import { EXPORT_FORMATS } from './formats.js'

export function addExport(program: Command, { terminal }: CommandContext): void {
  program
    .command('export')
    .summary('write stored anomalies to Parquet or CSV')
    .description(
      "Writes the anomalies of a range of Kafka's record time to a file, with their reasons, in the order of time. Memory is " +
        'bounded. In CSV, text that a spreadsheet would run as a formula (it begins with = + - @) is preceded by an ' +
        'apostrophe; Parquet has the values unchanged.',
    )
    .requiredOption('--from <time>', "start, by Kafka's timestamp: ISO 8601, or 24h for 24 hours ago", moment)
    .option('--to <time>', 'end, not included; default: now', moment)
    .option('--pipeline <name>', 'another pipeline of the same database; default: that of the configuration')
    .addOption(new Option('-f, --format <format>', 'default: by the name of the output').choices(EXPORT_FORMATS))
    .requiredOption('-o, --output <file>', 'a .parquet or .csv file; - is stdout')
    .addOption(configOption())
    .addOption(jsonOption('the summary'))
    .addHelpText(
      'after',
      `
Examples:
  outflow export --from 7d --output anomalies.parquet
  outflow export --from 2026-01-01 --to 2026-02-01 --output january.csv.gz
  outflow export --from 24h --format csv --output - | head`,
    )
    .action((options: ExportOptions) =>
      interruptible(async (signal) =>
        (await import('./export-anomalies.js')).exportAnomalies(options, terminal, signal),
      ),
    )
}
