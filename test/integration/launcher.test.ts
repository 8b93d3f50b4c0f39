import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Infrastructure, InfrastructureUnavailable, launchInfrastructure } from '@outflow/launcher'
import { createTopics } from '@outflow/streams'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { launchLaws, query } from '../support/launch.laws.js'

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

  it.each(['stop', 'kill'] as const)('keeps the records of a topic over %s and start', async (how) => {
    const { brokers, control } = infrastructure.kafka
    const topic = `kept-over-${how}`
    await produce(brokers, topic, 'hello')
    await control![how]()
    await control!.start()
    expect(await readAll(brokers, topic)).toEqual(['hello'])
  })

  it('takes a record of 2 MB', async () => {
    await produce(infrastructure.kafka.brokers, 'large', 'x'.repeat(2_000_000))
    expect((await readAll(infrastructure.kafka.brokers, 'large'))[0]).toHaveLength(2_000_000)
  })
})

// Reads /proc to distinguish running processes from zombies, which stay listed where process 1 reaps nobody.
describe('a launch whose owner is killed', () => {
  beforeEach(({ skip }) => {
    if (process.platform !== 'linux') skip('it reads /proc, which Linux alone has')
  })

  // A temporary folder of its own: what is in it is this launch's alone.
  let temporary: string
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'outflow-killed-'))
    await chmod(temporary, 0o711)
  })
  afterAll(() => rm(temporary, { recursive: true, force: true }))

  it('is ended by its guard, processes and data', async () => {
    const owner = startOwner(temporary)
    const { url } = await firstLine(owner)
    const pids = await launchedPids(temporary)
    expect(pids).toHaveLength(2)
    owner.kill('SIGKILL')
    await vi.waitFor(async () => expect(await launchFolders(temporary)).toEqual([]), { timeout: 15_000 })
    expect(pids.filter(isAlive)).toEqual([])
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  })

  it('is ended by the next launch when the guard was killed too', async () => {
    const owner = startOwner(temporary)
    await firstLine(owner)
    const pids = await launchedPids(temporary)
    const guard = guardOf(owner)
    process.kill(guard, 'SIGSTOP') // it is there, and does nothing
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    process.kill(guard, 'SIGKILL')
    expect(pids.filter(isAlive)).toEqual(pids)

    const next = startOwner(temporary)
    await firstLine(next)
    expect(pids.filter(isAlive)).toEqual([])
    next.kill('SIGKILL')
    await vi.waitFor(async () => expect(await launchFolders(temporary)).toEqual([]), { timeout: 15_000 })
  })
})

describe('a machine with none of the three ways', () => {
  it('hears in one message what each way lacked', async () => {
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

const kafkaOn = (brokers: readonly string[]) => new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })

async function produce(brokers: readonly string[], topic: string, value: string): Promise<void> {
  const admin = kafkaOn(brokers).admin()
  await admin.connect()
  await createTopics(admin, [{ topic, numPartitions: 1 }])
  await admin.disconnect()
  const producer = kafkaOn(brokers).producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value }] })
  await producer.disconnect()
}

async function readAll(brokers: readonly string[], topic: string): Promise<readonly string[]> {
  const consumer = kafkaOn(brokers).consumer({ groupId: `reader-of-${topic}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const values: string[] = []
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value?.toString() ?? '')
    },
  })
  await vi.waitFor(() => expect(values).not.toEqual([]), { timeout: 30_000 })
  await consumer.disconnect()
  return values
}

function startOwner(temporary: string): ChildProcess {
  const program = fileURLToPath(new URL('../support/launch-and-wait.ts', import.meta.url))
  const env = { ...process.env, TMPDIR: temporary, OUTFLOW_LAUNCHER: 'embedded', KAFKA_BROKERS: '', DATABASE_URL: '' }
  return spawn(process.execPath, ['--import', 'tsx', '--conditions=source', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstLine(owner: ChildProcess): Promise<{ brokers: string[]; url: string }> {
  const [line] = await once(createInterface({ input: owner.stdout! }), 'line')
  return JSON.parse(line)
}

async function launchFolders(temporary: string): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('outflow-launch-'))
}

async function launchedPids(temporary: string): Promise<readonly number[]> {
  const records = await Promise.all(
    (await launchFolders(temporary)).map(async (name) =>
      JSON.parse(await readFile(join(temporary, name, 'launch.json'), 'utf8')),
    ),
  )
  return records.flatMap(({ processes }) => processes.map(({ pid }: { pid: number }) => pid))
}

function guardOf(owner: ChildProcess): number {
  const children = readFileSync(`/proc/${owner.pid}/task/${owner.pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guard'))!
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
