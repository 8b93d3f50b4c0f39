/**
 * `npm run local -- TOPIC…` launches a Kafka and a Postgres, creates the topics and prints the addresses; Ctrl-C stops those that it
 * started, not those that KAFKA_BROKERS and DATABASE_URL name, and removes their data.
 */
import { once } from 'node:events'
import { launchInfrastructure } from '@outflow/launcher'
import { ensureTopics, makeKafka } from '@outflow/streams'

const topics = process.argv.slice(2)
const infrastructure = await launchInfrastructure({ onProgress: (line) => console.error(line) })
try {
  const { kafka, postgres } = infrastructure
  await ensureTopics(
    makeKafka({ brokers: kafka.brokers, clientId: 'local' }),
    topics.map((topic) => ({ topic, partitions: 4 })),
  )
  console.log(`export KAFKA_BROKERS=${kafka.brokers.join(',')}`)
  console.log(`export DATABASE_URL=${postgres.url}`)
  console.error('Ctrl-C stops the servers that were started here and removes their data')
  // Signal listeners do not keep the process running.
  const keepAlive = setInterval(() => {}, 60_000)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(keepAlive)
} finally {
  await infrastructure.stop()
}
