import { type CommandContext, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { configsOption, jsonOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { describeStatus } from './status/describe-status.js'
import { readings } from './status/reading.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Prints one row per pipeline: records/s over one second, records that wait in Kafka (lag), the model and its age, anomalies of ' +
        'the last hour, messages that the relay has not sent yet, dead letters of the last day, and drift; and below, problems to fix.',
    )
    .addOption(configsOption('show several pipelines'))
    .addOption(jsonOption('the states'))
    .examples(
      'outflow status',
      'outflow status --config flights.yaml --config parcels.yaml',
      "outflow status --json | jq '.[] | select(.lag > 10000)'",
    )
    .action(({ config, json }: { readonly config?: readonly string[]; readonly json?: true }) =>
      interruptible(async (signal) => {
        for await (const states of readings(config, { everyMs: RATE_OVER_MS, signal }))
          return printResult(terminal, json, states, describeStatus(states, terminal))
        signal.throwIfAborted()
      }),
    )
}

/** Time between the two readings of a rate. */
const RATE_OVER_MS = 1_000
