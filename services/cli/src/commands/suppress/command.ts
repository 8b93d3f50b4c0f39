import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { ahead, bounds, byOption, type ChangeOptions, configOption, jsonOption, whyOption } from '../../options.js'
import type { AddOptions, ListOptions } from './suppress.js'

export function addSuppress(program: Command, { terminal }: CommandContext): void {
  const suppress = program
    .command('suppress')
    .summary('hide alerts that you expect, until a day')
    .description(
      'Rules that hide alerts until they expire, and count what they hid. Their anomalies are stored as ever: ' +
        'analyst.unsent_alerts says which rule hid which. They take effect at once.',
    )
    .addHelpText(
      'after',
      `
Examples:
  outflow suppress add --entity JFK --field delay --direction above --when 'mon 06:00-09:00' --zone Europe/Berlin \\
    --until 2027-03-01 --why 'the Monday shuttle waits for its crew'
  outflow suppress list
  outflow suppress remove 3`,
    )
  suppress
    .command('add')
    .description('Hides the alerts for which all that is given holds.')
    .option('--entity <key>', "the alert's key")
    .option('--field <name>', 'the field of the main reason, the one of the most bits')
    .addOption(
      new Option('--direction <side>', "whether the field's number is above or below the expected one").choices([
        'above',
        'below',
      ]),
    )
    .option('--range <low..high>', "the field's number, bounds included: 0..90, 90.. or ..90", bounds)
    .option('--when <spans>', "when the event happened, by the record's own time: 'mon 06:00-09:00', 'sat,sun'")
    .option('--zone <zone>', 'whose clocks --when goes by', 'UTC')
    .requiredOption('--until <time>', 'when it expires: ISO 8601, or 12h, 7d from now', ahead)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the rule'))
    .action(async (options: AddOptions) => (await import('./suppress.js')).addRule(options, terminal))
  suppress
    .command('list')
    .description('Lists the rules of a pipeline and how many alerts each has hidden, the newest first.')
    .option('--all', 'those as well that have expired or were removed')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: ListOptions) => (await import('./suppress.js')).listRules(options, terminal))
  suppress
    .command('remove')
    .argument('<id>', 'of the rule')
    .description('Takes a rule away before it expires; what it hid stays hidden.')
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the id'))
    .action(async (id: string, options: ChangeOptions) =>
      (await import('./suppress.js')).removeRule(id, options, terminal),
    )
}
