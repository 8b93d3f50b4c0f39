/**
 * A Kafka and a Postgres of your own for as long as you look: `npm run local -- TOPIC…` brings them by the launcher, makes the topics
 * and prints their addresses; Ctrl-C stops and removes them.
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
  console.error('Ctrl-C stops both and removes their data')
  // A listener for signals alone keeps no process alive.
  const alive = setInterval(() => {}, 60_000)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(alive)
} finally {
  await infrastructure.stop()
}
