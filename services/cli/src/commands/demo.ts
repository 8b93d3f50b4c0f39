import type { runDemo } from '@outflow/demo'
import type { CommandContext } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { jsonOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Feeds 20,000 real flights, 0.5 % of them corrupted, and 20 messages that break the contract through a real Kafka, a model fitted on the ' +
        'spot and a real Postgres, and reads the alerts. Broker and database are those of KAFKA_BROKERS and ' +
        'DATABASE_URL; else containers if a Docker engine is running; else child processes (Java 17 and Maven). ' +
        'After the summary it streams 20 flights a second, with an incident after a minute. Ctrl-C stops and removes everything.',
    )
    .option('--once', 'end after the summary instead of streaming until Ctrl-C')
    .addOption(jsonOption('the summary'))
    .examples('outflow demo', 'outflow demo --once --json | jq .byKind')
    .action((options: Parameters<typeof runDemo>[0]) =>
      interruptible(async (signal) => {
        const demo = await import('@outflow/demo')
        await demo.runDemo(options, terminal, signal)
      }),
    )
}
