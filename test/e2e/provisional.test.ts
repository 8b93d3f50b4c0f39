import { expect, test } from 'vitest'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { PARCEL_ALERT_RATE, parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

const FIRST = 300
const LATER = 1_700

interface Found {
  readonly anomalies: number
  readonly provisional: number
  readonly alerts: number
  readonly withheld: number
  readonly scored: number
}

test('a topic with 300 records gets a provisional model, whose anomalies are marked and not alerted, and then a full one', async () => {
  const pipeline = await aParcelPipeline({ training: { minRows: 1_000, niceness: 0 } })
  const messages = parcelMessages(5)
  const send = (count: number) => pipeline.send(nextOf(messages, count))
  const found = async (): Promise<Found> => {
    const { rows } = await pipeline.pool.query(`
      select count(*)::int as anomalies, count(*) filter (where provisional)::int as provisional,
             (select coalesce(sum(alerts), 0)::int from outflow.offsets) as alerts,
             (select coalesce(sum(scored), 0)::int from outflow.offsets) as scored,
             (select count(*)::int from analyst.unsent_alerts where because = 'provisional') as withheld
      from analyst.anomalies`)
    return rows[0] as Found
  }

  await send(FIRST)
  const all = startService('all', pipeline.configFile)
  await eventually(() => all.log.some(({ msg }) => msg === 'model promoted'), {
    ...{ what: 'a provisional model is promoted, after a minute of waiting', withinMs: 150_000 },
  })
  await pipeline.untilStored(FIRST)
  const early = await found()
  expect(early.anomalies).toBeGreaterThan(0)
  expect(early).toMatchObject({ provisional: early.anomalies, withheld: early.anomalies, alerts: 0 })
  const state = /provisional model \(\d+ records\); its anomalies are not alerted; the next fit with 1,000 records/
  expect((await callOutflow(['status', '--config', pipeline.configFile])).stdout).toMatch(state)
  const listed = await callOutflow(['anomalies', '--config', pipeline.configFile])
  expect(listed.stdout.trimEnd().split('\n')).toEqual(
    Array(early.anomalies).fill(expect.stringMatching(/ \[provisional\]$/)),
  )

  await send(LATER)
  await pipeline.untilStored(FIRST + LATER)
  // The model is active in Postgres before ingest has opened it.
  await eventually(
    async () => {
      const { rows } = await pipeline.pool.query(
        `select id from outflow.models where state = 'active' and not (metadata -> 'provisional')::boolean`,
      )
      return all.log.some(({ msg, modelId }) => msg === 'model served' && modelId === rows[0]?.id)
    },
    // A full fit takes 2,000 steps: over a minute on a busy machine.
    { what: 'ingest scores with a full model', withinMs: 110_000 },
  )
  const before = await found()
  await send(LATER)
  await pipeline.untilStored(FIRST + 2 * LATER)

  const after = await found()
  expect(after.provisional).toBe(before.provisional)
  const flagged = after.anomalies - before.anomalies
  expect(flagged).toBeGreaterThan(0)
  expect(after.alerts).toBe(after.anomalies - after.provisional)
  // One in a hundred parcels is odd, and one in a hundred of the others may be an anomaly; plus three standard errors.
  const due = (0.01 + PARCEL_ALERT_RATE) * LATER
  expect(flagged).toBeLessThan(due + 3 * Math.sqrt(due))
  expect(await all.terminate()).toMatchObject({ code: 0 })
}, 240_000)
