import { expect, it, vi } from 'vitest'
import { startEmbeddedKafka } from './embedded-kafka.js'
import { resolveKafkaClassPath } from './kafka-class-path.js'
import type { PartLaunch } from './part-launch.js'

vi.mock('./java.js', () => ({ findJava: () => Promise.reject(new Error('Kafka needs Java 17 or newer')) }))
vi.mock('./kafka-class-path.js', () => ({ resolveKafkaClassPath: vi.fn(async () => ({ folder: '', version: '' })) }))

it('does not fetch Kafka for a Java that is too old (mvn ran on after the launch had failed)', async () => {
  const launch: PartLaunch = { folder: {} as PartLaunch['folder'], signal: undefined, onProgress: () => {} }
  await expect(startEmbeddedKafka(launch)).rejects.toThrow('Kafka needs Java 17')
  expect(resolveKafkaClassPath).not.toHaveBeenCalled()
})
