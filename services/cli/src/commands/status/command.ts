import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { collect, jsonOption } from '../../options.js'
import type { StatusOptions } from './show-status.js'
import type { TopOptions } from './top.js'

const configsOption = (): Option =>
  new Option(
    '-c, --config <file>',
    'the configuration, default: outflow.yaml; repeat it to show several pipelines',
  ).argParser(collect)

export function addStatus(program: Command, { terminal }: CommandContext): void {
  program
    .command('status')
    .summary('print the state of pipelines')
    .description(
      'Prints one row per pipeline: records/s over one second, records that wait in Kafka (lag), the model and its age, anomalies of ' +
        'the last hour, messages that the relay has not sent yet, dead letters of the last day, and drift; and below, problems to fix.',
    )
    .addOption(configsOption())
    .addOption(jsonOption('the states'))
    .addHelpText(
      'after',
      `
Examples:
  outflow status
  outflow status --config flights.yaml --config parcels.yaml
  outflow status --json | jq '.[] | select(.lag > 10000)'`,
    )
    .action((options: StatusOptions) =>
      interruptible(async (signal) => (await import('./show-status.js')).showStatus(options, terminal, signal)),
    )
  program
    .command('top')
    .summary('show the state of pipelines, live')
    .description(
      'Shows the output of `status`, updated every two seconds, with the records/s of the last two minutes. q or Ctrl-C ends it.',
    )
    .addOption(configsOption())
    .addHelpText('after', '\nExamples:\n  outflow top\n  outflow top --config flights.yaml --config parcels.yaml')
    .action((options: TopOptions) =>
      interruptible(async (signal) => (await import('./top.js')).top(options, terminal, signal)),
    )
}
