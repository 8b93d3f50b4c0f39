import type { TrainedDetector } from '@outflow/detector'
import { beforeAll, expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { heldBy } from '../support/lock-waits.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, PARTITIONS, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { type LogLine, startService } from '../support/service-process.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

test('a write that Postgres completes after its ingest was killed counts once', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(3)
  const killed = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  const release = await holdWrites(pipeline)
  await eventually(async () => (await waitingWrites(pipeline)) > 0, { what: 'writes wait' })
  await killed.kill()
  // Postgres has not noticed yet: the write of the killed ingest still waits for the lock.
  const nextFrom = new Date()
  const ingest = startService('ingest', pipeline.configFile)
  await eventually(async () => (await waitingWrites(pipeline, nextFrom)) > 0, {
    what: 'the next ingest writes the same offsets',
  })
  await release()
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
  await ingest.logged('batch superseded')
})

test('no record is lost or counted twice when a second ingest joins while records arrive and is killed', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(4)
  const first = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  const second = startService('ingest', pipeline.configFile)
  await second.logged('batch written')
  await pipeline.untilStoredMore(3_000)
  expect(assignments(first.log).at(-1)).toBeLessThan(PARTITIONS)
  await second.kill()
  await eventually(() => assignments(first.log).at(-1) === PARTITIONS, {
    what: 'the first ingest has all partitions again',
  })
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
})

test('an ingest that is paused during its writes until its session has expired, and then resumed, writes nothing', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(7)
  const zombie = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  const release = await holdWrites(pipeline)
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
  await release()
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

const holdWrites = ({ pool }: ParcelPipeline) => heldBy(pool, 'select from outflow.offsets for update')

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
