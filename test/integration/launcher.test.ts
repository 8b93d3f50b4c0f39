import { type Infrastructure, InfrastructureUnavailable, launchInfrastructure } from '@outflow/launcher'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchLaws } from '../support/launch.laws.js'
import { readTopic } from '../support/topic-reader.js'
import { sendMessages } from '../support/topic-writer.js'

describe('an embedded launch', () => {
  let infrastructure: Infrastructure
  beforeAll(async () => {
    vi.stubEnv('KAFKA_BROKERS', '')
    vi.stubEnv('DATABASE_URL', '')
    vi.stubEnv('OUTFLOW_LAUNCHER', 'embedded')
    infrastructure = await launchInfrastructure()
    vi.unstubAllEnvs()
  })
  afterAll(() => infrastructure?.stop())

  launchLaws(() => infrastructure)

  it('accepts a record of 2 MB', async () => {
    const { brokers } = infrastructure.kafka
    const kafka = makeKafka({ brokers, clientId: 'test' })
    await ensureTopics(kafka, [{ topic: 'large', partitions: 1 }])
    await sendMessages(kafka, [{ topic: 'large', key: null, value: 'x'.repeat(2_000_000) }])
    expect((await readTopic(brokers, 'large')).map(({ value }) => value?.length)).toEqual([2_000_000])
  })
})

describe('a machine without any way to launch servers', () => {
  it('gets one error with what each way requires', async () => {
    vi.stubEnv('KAFKA_BROKERS', '')
    vi.stubEnv('OUTFLOW_LAUNCHER', 'embedded')
    vi.stubEnv('JAVA_HOME', '/nowhere')
    const failure: unknown = await launchInfrastructure({ need: ['kafka'] }).catch((error: unknown) => error)
    vi.unstubAllEnvs()
    expect(failure).toBeInstanceOf(InfrastructureUnavailable)
    expect(String(failure)).toContain('1. set KAFKA_BROKERS to a running one (KAFKA_BROKERS is not set)')
    expect(String(failure)).toContain('3. install Java 17 or newer, and Maven (/nowhere/bin/java: not found)')
  })
})
