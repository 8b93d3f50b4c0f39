import { existsSync } from 'node:fs'
import { oneColumnHint } from '@outflow/records'
import { formatCounted, type Terminal } from '@outflow/terminal'
import type { CommandContext } from '../command-context.js'
import { UsageError } from '../errors.js'
import { withOutput } from '../files/open-output.js'
import { headerWarning } from '../header-warning.js'
import { interruptible } from '../interrupt.js'
import { leftOutByReason } from '../left-out.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type ConnectionOptions, readConnection, writtenWithoutTopic } from './init/connection.js'
import { lookAtRecords } from './init/look-at-records.js'
import { renderConfig } from './init/render-config.js'
import { fileRecords, topicRecords } from './init/take-sample.js'

const DEFAULT_OUTPUT = 'outflow.yaml'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Reads the first 10,000 records of a file, or the latest 10,000 of a topic, and writes an outflow.yaml ' +
        'for them: features, fields that are left out and why, likely timestamp and key, and scale: log for skewed quantities.',
    )
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--topic <topic>', 'a Kafka topic with records in JSON, or in Avro or Protobuf with a schema registry')
    .option('--brokers <list>', 'host:port, comma-separated; default: those of --config, else KAFKA_BROKERS')
    .option(
      '-c, --config <file>',
      'connection to the topic, with TLS and a login: kafka: {…} and source: {format, registry} in YAML, or the .properties of a Kafka client',
    )
    .option('--registry <url>', 'schema registry; default: that of --config')
    .option('-o, --output <file>', 'configuration to write; - is stdout', DEFAULT_OUTPUT)
    .option('--force', 'replace an existing file')
    .examples(
      'outflow init --topic flights --brokers 127.0.0.1:9092',
      'outflow init --topic flights --config client.properties',
      'outflow init --topic flights --brokers 127.0.0.1:9092 --registry http://127.0.0.1:8081',
      'outflow init --input flights.csv --output flights.yaml',
      'outflow init --input flights.ndjson.gz --output -',
    )
    .action((options: InitOptions) => interruptible((signal) => init(options, terminal, signal)))
}

interface InitOptions extends ConnectionOptions {
  readonly input?: string
  readonly topic?: string
  readonly force?: true
}

async function init(options: InitOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { input, topic, output } = options
  if ((input === undefined) === (topic === undefined)) throw new UsageError('init needs either --input or --topic')
  if (input !== undefined && (options.config !== undefined || options.registry !== undefined)) {
    throw new UsageError('--config and --registry connect to a topic: give them with --topic, not with --input')
  }
  if (output !== '-' && !options.force && existsSync(output)) {
    throw new UsageError(`${output} exists; --force replaces it, --output names another`)
  }
  const access = topic === undefined ? null : await readConnection(options, process.env)
  const sample = access ? await topicRecords(topic!, access.connection, signal) : await fileRecords(input!, signal)
  const statistics = lookAtRecords(sample.partitions, sample)
  const isCsvFile = input !== undefined && sample.withLists
  if (statistics.columns.length === 0) {
    const reasons = leftOutByReason(statistics.leftOut).join('; ')
    const hint = isCsvFile ? oneColumnHint('csv', statistics.paths) : ''
    throw new UsageError(`${sample.name} has no field that a model can use (${reasons})${hint}`)
  }
  const warning = isCsvFile ? headerWarning(statistics.paths) : null
  if (warning !== null) terminal.say(warning)
  const connection = access?.written ?? writtenWithoutTopic(options, process.env)
  const text = renderConfig(statistics, { ...sample, connection })
  await withOutput(output, (opened) => opened.write(text))
  if (output === '-') return
  terminal.say(
    `${output}: ${formatCounted(statistics.columns.length + statistics.windows.length, 'feature')}, ${formatCounted(statistics.leftOut.length, 'field')} left out, from ${sample.from}`,
  )
  for (const name of access?.secretsToSet ?? []) {
    terminal.say(`set ${name} in the environment first: the secret is not copied into ${output}`)
  }
  const config = output === DEFAULT_OUTPUT ? '' : ` --config ${output}`
  const next =
    input === undefined
      ? ['migrate', 'doctor', 'run all'].map((command) => `outflow ${command}${config}`).join(' && ')
      : `outflow train --config ${output} --input ${input} --output ${sample.topic}.model`
  terminal.say(`check it, then run: ${next}`)
}
