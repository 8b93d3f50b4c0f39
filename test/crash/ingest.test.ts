import { setTimeout as sleep } from 'node:timers/promises'
import type { TrainedDetector } from '@outflow/detector'
import { beforeAll, expect, test } from 'vitest'
import { expectEachRecordCountedOnce, expectEverythingOnce, untilAllStored } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import type { Feed } from '../support/feed.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, PARTITIONS, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { type LogLine, startService } from '../support/service-process.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

test('no record is lost or counted twice when ingest is killed repeatedly while records arrive', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(2)
  const chance = makeChance(2)
  let ingest = startService('ingest', pipeline.configFile)
  for (let kills = 0; kills < 2; kills += 1) {
    await pipeline.untilStoredMore(3_000 + chance.below(3_000))
    await sleep(chance.below(40)) // during a read, scoring, an explanation or a write
    await ingest.kill()
    await untilAhead(feed, pipeline)
    ingest = startService('ingest', pipeline.configFile)
  }
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
})

test('a write that Postgres completes after its ingest was killed counts once', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(3)
  const killed = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  const hold = await pipeline.pool.connect()
  await hold.query('begin')
  await hold.query('select from outflow.offsets for update')
  await eventually(async () => (await waitingWrites(pipeline)) > 0, { what: 'writes wait' })
  await killed.kill()
  // Postgres has not noticed yet: the write of the killed ingest still waits for the lock.
  const nextFrom = new Date()
  const ingest = startService('ingest', pipeline.configFile)
  await eventually(async () => (await waitingWrites(pipeline, nextFrom)) === PARTITIONS, {
    what: 'the next ingest writes the same offsets',
  })
  await hold.query('commit')
  hold.release()
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
  await ingest.logged('batch superseded')
})

test.for([
  ['leaves', 'terminate'],
  ['is killed', 'kill'],
] as const)(
  'no record is lost or counted twice when a second ingest joins while records arrive and %s',
  async ([, end]) => {
    const pipeline = await aParcelPipeline({ model })
    startService('alerts', pipeline.configFile)
    const feed = pipeline.feed(4)
    const first = startService('ingest', pipeline.configFile)
    await pipeline.untilStoredMore(3_000)
    const second = startService('ingest', pipeline.configFile)
    await second.logged('batch written')
    await pipeline.untilStoredMore(3_000)
    expect(assignments(first.log).at(-1)).toBeLessThan(PARTITIONS)
    const ended = await second[end]()
    await eventually(() => assignments(first.log).at(-1) === PARTITIONS, {
      what: 'the first ingest has all partitions again',
    })
    await pipeline.untilStoredMore(3_000)
    await feed.stop()

    expect(ended.code).toBe(end === 'terminate' ? 0 : null)
    await expectEverythingOnce(pipeline)
  },
)

test('an ingest that is paused during its writes until its session has expired, and then resumed, writes nothing', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(7)
  const zombie = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  const hold = await pipeline.pool.connect()
  await hold.query('begin')
  await hold.query('select from outflow.offsets for update')
  const logged = () =>
    zombie.log.reduce((sum, line) => sum + (line.msg === 'batch written' ? Number(line.count) : 0), 0)
  await eventually(async () => (await waitingWrites(pipeline)) > 0 && logged() === (await pipeline.stored()), {
    what: 'writes wait, and the zombie has logged those before them',
  })
  zombie.pause()
  // Its writes fail while it is paused; when it is resumed it retries them.
  await pipeline.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'outflow-ingest'`,
  )
  await hold.query('commit')
  hold.release()
  const successor = startService('ingest', pipeline.configFile)
  await eventually(() => assignments(successor.log).at(-1) === PARTITIONS, { what: 'the successor has all partitions' })
  await pipeline.untilStoredMore(3_000)
  const written = count(zombie.log, 'batch written')
  zombie.resume()
  await zombie.logged('batch write retried')
  await zombie.logged('batch superseded')
  await eventually(() => assignments(zombie.log).length > 1, { what: 'the zombie has joined again' })
  const writtenAsZombie = zombie.log.slice(
    0,
    zombie.log.findLastIndex(({ msg }) => msg === 'partitions assigned'),
  )
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  expect(count(writtenAsZombie, 'batch written')).toBe(written)
  await expectEverythingOnce(pipeline)
})

test('on SIGTERM ingest ends within 10 s with exit code 0, and each record that it stored counts once', async () => {
  const pipeline = await aParcelPipeline({ model })
  const feed = pipeline.feed(5)
  const ingest = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(4_000)
  const { code, tookMs } = await ingest.terminate()
  await untilAhead(feed, pipeline)
  await feed.stop()

  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(10_000)
  await expectEachRecordCountedOnce(pipeline)

  startService('ingest', pipeline.configFile)
  await untilAllStored(pipeline)
  await expectEachRecordCountedOnce(pipeline)
})

test('ingest consumes nothing until there is a first model, and then starts', async () => {
  const pipeline = await aParcelPipeline()
  const feed = pipeline.feed(6)
  const ingest = startService('ingest', pipeline.configFile)
  await ingest.logged('first model awaited')
  const waiting = await eventually(
    async () => {
      const readiness = await ingest.readiness()
      return readiness.checks.ingest?.postgres?.ok && readiness
    },
    { what: 'Postgres is found' },
  )

  expect(waiting).toMatchObject({
    status: 503,
    checks: { ingest: { model: { ok: false, detail: 'the first model is awaited; outflow status has the reason' } } },
  })
  expect(assignments(ingest.log)).toEqual([])
  expect(await pipeline.stored()).toBe(0)

  await pipeline.promote(model)
  await pipeline.untilStoredMore(3_000)
  expect((await ingest.readiness()).status).toBe(200)
  await feed.stop()
  await untilAllStored(pipeline)
  await expectEachRecordCountedOnce(pipeline)
})

/** Waits until the feed is ahead of the stored offsets, so that the next ingest has records to read. */
async function untilAhead(feed: Feed, pipeline: ParcelPipeline): Promise<void> {
  const stored = await pipeline.stored()
  await eventually(() => feed.sent > stored, { what: `more than ${stored} records are sent` })
}

const count = (log: readonly LogLine[], of: string) => log.filter(({ msg }) => msg === of).length

/** Number of partitions that each rebalance assigned. */
function assignments(log: readonly LogLine[]): number[] {
  return log
    .filter(({ msg }) => msg === 'partitions assigned')
    .map(({ partitions }) => (partitions as unknown[]).length)
}

/** Counts the writes that wait for a lock, on connections that were opened since then. */
async function waitingWrites({ pool }: ParcelPipeline, since = new Date(0)): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as waiting from pg_stat_activity
     where datname = current_database() and application_name = 'outflow-ingest' and wait_event_type = 'Lock'
       and backend_start >= $1`,
    [since],
  )
  return (rows[0] as { readonly waiting: number }).waiting
}
