import { setTimeout as sleep } from 'node:timers/promises'
import type { TrainedDetector } from '@outflow/detector'
import { beforeAll, expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

test('no alert is lost or repeated when the relay is killed repeatedly while records arrive', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(11)
  const chance = makeChance(11)
  for (let kills = 0; kills < 3; kills += 1) {
    const relay = startService('alerts', pipeline.configFile)
    await relay.logged('outbox sent')
    await pipeline.untilStoredMore(chance.below(2_000))
    await sleep(chance.below(40)) // during a take, a transaction or a delete
    await relay.kill()
  }
  startService('alerts', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
})

test('alerts that Kafka has committed are not sent again when the relay is killed before it deletes them', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(12)
  const release = await holdDeletes(pipeline)
  const killed = startService('alerts', pipeline.configFile)
  const deleting = await eventually(() => blockedDelete(pipeline), { what: 'a delete is blocked' })
  await killed.kill()
  // Ends the delete of the killed client, as Postgres would do later.
  await pipeline.pool.query('select pg_terminate_backend($1)', [deleting])
  await release()
  const { rows } = await pipeline.pool.query<{ sequence: number }>(
    'select sequence::int from outflow.outbox where sequence is not null order by sequence',
  )
  const relay = startService('alerts', pipeline.configFile)
  const { caughtUpThrough } = await relay.logged('leadership taken')
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  // All messages that Kafka had committed were still in the outbox. It may have more numbered rows than one transaction sends.
  const sent = Number(caughtUpThrough)
  expect(sent).toBeGreaterThan(0)
  expect(rows.slice(0, sent).map(({ sequence }) => sequence)).toEqual(Array.from({ length: sent }, (_, at) => at + 1))
  await expectEverythingOnce(pipeline)
})

test('a second relay waits, and takes over when the first one ends', async () => {
  const pipeline = await aParcelPipeline({ model })
  startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(13)
  const first = startService('alerts', pipeline.configFile)
  await first.logged('outbox sent')
  const second = startService('alerts', pipeline.configFile)
  await second.logged('alerts started')
  await pipeline.untilStoredMore(3_000)
  expect(second.log.map(({ msg }) => msg)).not.toContain('leadership taken')
  const ended = await first.terminate()
  await second.logged('outbox sent')
  await feed.stop()

  expect(ended.code).toBe(0)
  expect(ended.tookMs).toBeLessThan(10_000)
  await expectEverythingOnce(pipeline)
})

const GATE = 4711

/** Blocks deletes from the outbox until the returned function is called. */
async function holdDeletes({ pool }: ParcelPipeline): Promise<() => Promise<void>> {
  const gate = await pool.connect()
  await gate.query(`select pg_advisory_lock(${GATE})`)
  await pool.query(
    `create function outflow.wait_at_gate() returns trigger language plpgsql as
     $$ begin perform pg_advisory_xact_lock(${GATE}); return null; end $$`,
  )
  await pool.query(
    'create trigger gate before delete on outflow.outbox for each statement execute function outflow.wait_at_gate()',
  )
  return async () => {
    await gate.query(`select pg_advisory_unlock(${GATE})`)
    gate.release()
  }
}

/** The backend of the relay whose delete waits for the lock. */
async function blockedDelete({ pool }: ParcelPipeline): Promise<number | undefined> {
  const { rows } = await pool.query(
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = 'outflow-alerts' and wait_event = 'advisory'`,
  )
  return (rows[0] as { readonly pid: number } | undefined)?.pid
}
