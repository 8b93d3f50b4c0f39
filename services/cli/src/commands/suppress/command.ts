import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { ahead, bounds, byOption, type ChangeOptions, configOption, jsonOption, whyOption } from '../../options.js'
import type { AddOptions, ListOptions } from './suppress.js'

export function addSuppress(program: Command, { terminal }: CommandContext): void {
  const suppress = program
    .command('suppress')
    .summary('hide expected alerts until a date')
    .description(
      'Manages rules that hide alerts until the rule expires, and count them. The anomalies are still stored: ' +
        'analyst.unsent_alerts lists the alerts that each rule hid. Changes take effect at once.',
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
    .description('Hides the alerts that match all given conditions.')
    .option('--entity <key>', "the alert's key")
    .option('--field <name>', 'the field of the main reason, which has the most bits')
    .addOption(
      new Option('--direction <side>', "whether the field's number is above or below the expected one").choices([
        'above',
        'below',
      ]),
    )
    .option('--range <low..high>', "the range of the field's number, bounds included: 0..90, 90.. or ..90", bounds)
    .option('--when <spans>', "the event time, weekdays and hours: 'mon 06:00-09:00', 'sat,sun'")
    .option('--zone <zone>', 'time zone of --when', 'UTC')
    .requiredOption('--until <time>', 'when it expires: ISO 8601, or 12h, 7d from now', ahead)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the rule'))
    .action(async (options: AddOptions) => (await import('./suppress.js')).addRule(options, terminal))
  suppress
    .command('list')
    .description('Lists the rules of a pipeline, newest first, and how many alerts each has hidden.')
    .option('--all', 'include expired and removed rules')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: ListOptions) => (await import('./suppress.js')).listRules(options, terminal))
  suppress
    .command('remove')
    .argument('<id>', 'id of the rule')
    .description('Removes a rule before it expires; alerts that it hid stay hidden.')
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the id'))
    .action(async (id: string, options: ChangeOptions) =>
      (await import('./suppress.js')).removeRule(id, options, terminal),
    )
}
