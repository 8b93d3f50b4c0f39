import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { configOption, jsonOption, moment } from '../../options.js'
import type { PreviewOptions } from './preview-range.js'

export function addPreview(program: Command, { terminal }: CommandContext): void {
  program
    .command('preview')
    .summary('say how many alerts a configuration would have sent')
    .description(
      'Decides again on the anomalies that were detected in a past range, by the configuration and the rules as they stand: how many ' +
        'alerts would have been sent, what would have been hidden, by which rule, and what would have been gathered into one alert. It changes nothing.',
    )
    .requiredOption('--from <time>', 'first moment, of detection: ISO 8601, or as 7d ago', moment)
    .option('--to <time>', 'last moment, not included; default: now', moment)
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
