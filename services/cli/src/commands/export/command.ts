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
      "Writes the anomalies of a range of Kafka's record time to a file, with their reasons, in the order of these times. Memory is " +
        'bounded, whatever the range. In CSV a text that a spreadsheet would run as a formula (it begins with = + - @) gets an ' +
        'apostrophe before it; Parquet has every value as it is.',
    )
    .requiredOption('--from <time>', "first moment, by Kafka's timestamp: ISO 8601, or as 24h ago", moment)
    .option('--to <time>', 'last moment, not included; default: now', moment)
    .option('--pipeline <name>', 'another pipeline of the same database; default: that of the configuration')
    .addOption(new Option('-f, --format <format>', 'default: as the name of the output says').choices(EXPORT_FORMATS))
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
