import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Infrastructure, InfrastructureUnavailable, launchInfrastructure } from '@outflow/launcher'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { eventually } from '../support/eventually.js'
import { aDatabase, kafkaBrokers } from '../support/infrastructure.js'
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
    await ensureTopics(makeKafka({ brokers, clientId: 'test' }), [{ topic: 'large', partitions: 1 }])
    await sendMessages(brokers, 'large', [{ key: null, value: 'x'.repeat(2_000_000) }])
    expect((await readTopic(brokers, 'large')).map(({ value }) => value?.length)).toEqual([2_000_000])
  })
})

it('npm run local ends when npm gets SIGTERM (the shell between them did not forward it)', async () => {
  const env = { ...process.env, KAFKA_BROKERS: kafkaBrokers().join(','), DATABASE_URL: await aDatabase() }
  const npm = spawn('npm', ['run', '--silent', 'local'], { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => {
    try {
      process.kill(-npm.pid!, 'SIGKILL')
    } catch {
      // No process of its group is left.
    }
  })
  let stderr = ''
  npm.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await eventually(() => stderr.includes('Ctrl-C stops the servers that were started here'), { what: 'it is ready' })
  npm.kill('SIGTERM')
  // Its streams close when the last process of it ends.
  await once(npm, 'close')
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
