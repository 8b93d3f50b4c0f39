import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import type { InitOptions } from './init.js'

export function addInit(program: Command, context: CommandContext): void {
  program
    .command('init')
    .summary('write an outflow.yaml for a topic or a file')
    .description(
      'Reads the first 10,000 records of a file, or the latest 10,000 of a topic (JSON), and writes an outflow.yaml ' +
        'for them: features, fields that are left out and why, likely timestamp and key, and scale: log for numbers over several decades.',
    )
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--topic <topic>', 'a Kafka topic with records in JSON')
    .option('--brokers <list>', 'host:port, comma-separated; default: KAFKA_BROKERS')
    .option('-o, --output <file>', 'configuration to write; - is stdout', 'outflow.yaml')
    .option('--force', 'replace an existing file')
    .addHelpText(
      'after',
      `
Examples:
  outflow init --topic flights --brokers 127.0.0.1:9092
  outflow init --input flights.csv --output flights.yaml
  outflow init --input flights.ndjson.gz --output -`,
    )
    .action((options: InitOptions) =>
      interruptible(async (signal) => (await import('./init.js')).init(options, context.terminal, signal)),
    )
}
