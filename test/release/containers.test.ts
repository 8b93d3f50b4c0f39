import { type Infrastructure, launchInfrastructure } from '@outflow/launcher'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { type ContainerEngine, startContainerEngine } from '../support/container-engine.js'
import { launchLaws } from '../support/launch.laws.js'

let engine: ContainerEngine | string | undefined
let infrastructure: Infrastructure

beforeAll(async () => {
  engine = await startContainerEngine()
  if (typeof engine === 'string') return
  vi.stubEnv('KAFKA_BROKERS', '')
  vi.stubEnv('DATABASE_URL', '')
  vi.stubEnv('OUTFLOW_LAUNCHER', 'testcontainers')
  vi.stubEnv('OUTFLOW_KAFKA_IMAGE', engine.images.kafka)
  vi.stubEnv('OUTFLOW_POSTGRES_IMAGE', engine.images.postgres)
  infrastructure = await launchInfrastructure()
})

beforeEach(({ skip }) => {
  if (typeof engine === 'string') skip(engine)
})

afterAll(async () => {
  await infrastructure?.stop()
  if (engine === undefined || typeof engine === 'string') return
  try {
    expect(await engine.containers()).toEqual([])
  } finally {
    await engine.stop()
    vi.unstubAllEnvs()
  }
})

launchLaws(() => infrastructure)

it('Kafka and Postgres run in containers', () => {
  expect(infrastructure).toMatchObject({ kafka: { tier: 'testcontainers' }, postgres: { tier: 'testcontainers' } })
})

it('a broker in a container answers after it was killed and started', async () => {
  await infrastructure.kafka.control!.kill()
  // Resolves when the coordinators of groups and transactions answer.
  await infrastructure.kafka.control!.start()
})

it('issue 17.11: the error of a container that ended has its log as plain lines', async () => {
  vi.stubEnv('OUTFLOW_KAFKA_IMAGE', (engine as ContainerEngine).images.ends)
  const failure: unknown = await launchInfrastructure({ need: ['kafka'] }).catch((error: unknown) => error)
  expect(String(failure)).toMatch(
    /exit 3; the end of its log:\n(the disk is full\ngiving up|giving up\nthe disk is full)/,
  )
  expect(String(failure).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})
