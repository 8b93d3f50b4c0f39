import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { configOption, jsonOption, moment } from '../../options.js'
import type { PreviewOptions } from './preview-range.js'

export function addPreview(program: Command, { terminal }: CommandContext): void {
  program
    .command('preview')
    .summary('count the alerts that a configuration would have sent')
    .description(
      'Applies the current configuration and rules to the anomalies of a past range, and prints how many ' +
        'alerts would have been sent, hidden by which rule, or grouped. Changes nothing.',
    )
    .requiredOption('--from <time>', 'start, by time of detection: ISO 8601, or 7d for seven days ago', moment)
    .option('--to <time>', 'end, not included; default: now', moment)
    .addOption(configOption())
    .addOption(jsonOption('the report'))
    .addHelpText(
      'after',
      `
Examples:
  outflow preview --from 7d
  outflow preview --from 7d --config quieter.yaml --json`,
    )
    .action(async (options: PreviewOptions) => (await import('./preview-range.js')).previewRange(options, terminal))
}
