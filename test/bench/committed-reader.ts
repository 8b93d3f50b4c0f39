import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { readCommitted } from '../support/topic-reader.js'

const run = promisify(execFile)
const MAX_BYTES = 1024 ** 3

/**
 * Reads the committed values of a topic of one partition with kcat: librdkafka is another implementation of Kafka's protocol. Without
 * kcat it uses kafkajs, as outflow does. `client` is the name of the used one.
 */
export async function readCommittedElsewhere(
  brokers: readonly string[],
  topic: string,
): Promise<{ readonly client: string; readonly values: readonly string[] }> {
  const version = await kcatVersion()
  if (version === null) {
    const records = await readCommitted(brokers, topic)
    const values = records.map(({ value }) => String(value))
    return { client: 'kafkajs, which outflow uses too: install kcat for another', values }
  }
  const { stdout } = await run(
    'kcat',
    [
      ...['-C', '-q', '-e', '-o', 'beginning', '-b', brokers.join(','), '-t', topic],
      ...['-X', 'isolation.level=read_committed', '-f', '%s\\n'],
    ],
    { maxBuffer: MAX_BYTES },
  )
  return { client: version, values: stdout.split('\n').filter((line) => line !== '') }
}

/** E.g. `kcat 1.7.1 (librdkafka 2.0.2)`; null if it is not installed. */
async function kcatVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('kcat', ['-V'])
    return `kcat ${/Version (\S+)/.exec(stdout)?.[1]} (librdkafka ${/librdkafka (\S+)/.exec(stdout)?.[1]})`
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
