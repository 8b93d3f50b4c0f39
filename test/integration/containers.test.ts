import { type Infrastructure, launchInfrastructure } from '@outflow/launcher'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { type ContainerEngine, startContainerEngine } from '../support/container-engine.js'

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

it('issue 17.11: Kafka and Postgres run in containers, on the loopback interface alone', () => {
  expect(infrastructure).toMatchObject({ kafka: { tier: 'testcontainers' }, postgres: { tier: 'testcontainers' } })
  expect(infrastructure.kafka.brokers.join()).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(new URL(infrastructure.postgres.url).hostname).toBe('127.0.0.1')
})

it.each(['stop', 'kill'] as const)('a container keeps its data over %s and start', async (how) => {
  const { url, control } = infrastructure.postgres
  await query(url, `create table kept_over_${how} as select 42 as answer`)
  await control![how]()
  await expect(query(url, 'select 1')).rejects.toThrow()
  await control!.start()
  expect(await query(url, `select answer from kept_over_${how}`)).toEqual([{ answer: 42 }])
})

it('a broker in a container answers after it was killed and started', async () => {
  await infrastructure.kafka.control!.kill()
  // It resolves when the coordinators of groups and transactions answer.
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

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}
