import { pause } from '@outflow/errors/retrying'
import type { Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { configsOption, jsonOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { describeStatus } from './status/describe-status.js'
import { rateBetween, readAll, withWatched } from './status/reading.js'

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
    .action((options: StatusOptions) => interruptible((signal) => showStatus(options, terminal, signal)))
}

interface StatusOptions {
  readonly config?: readonly string[]
  readonly json?: true
}

/** Time between the two readings of a rate. */
const RATE_OVER_MS = 1_000

function showStatus(options: StatusOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  return withWatched(options.config, async (watched) => {
    const earlier = await readAll(watched)
    await pause(RATE_OVER_MS, signal)
    signal.throwIfAborted()
    const later = await readAll(watched)
    const rated = later.map((reading, index) => ({
      ...reading,
      recordsPerSecond: rateBetween(earlier[index]!, reading),
    }))
    await printResult(terminal, options.json, rated, describeStatus(rated, terminal))
  })
}
