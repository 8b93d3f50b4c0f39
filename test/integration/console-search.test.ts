import { withReadOnlyTransaction } from '@outflow/store'
import { listAnomalies } from '@outflow/store/anomalies'
import { expect, test } from 'vitest'
import { readOverview, searchedBy } from '../../services/console/src/overview.js'
import { pool } from '../support/a-pool.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

test('a text is searched in the least likely 50,000 anomalies, and the answer states it (a search of a million was cancelled)', async () => {
  const pipeline = 'flights'
  await storeAnomalies(pool, { pipeline, count: 50_100 })
  await pool.query(`update outflow.anomalies set record = '{"note": "Needle"}', p_value = 1e-9 where "offset" = 11`)
  await pool.query(`update outflow.anomalies set record = '{"note": "needle"}', p_value = 0.9 where "offset" = 12`)
  await pool.query('analyze outflow.anomalies')

  const [all, last] = [
    { pipeline, text: 'needle' },
    { pipeline, text: 'needle', from: new Date(Date.now() - 3_600_000) },
  ]
  const find = (filter: typeof all) =>
    withReadOnlyTransaction(pool, async (db) => ({
      list: await listAnomalies(db, { ...(await searchedBy(db, filter)), sort: 'time', limit: 10 }),
      overview: await readOverview(db, { filter, steps: 60, compare: false }),
    }))
  const searched = await find(all)
  expect(searched.list.items.map(({ offset }) => offset)).toEqual([11n])
  expect(searched.overview).toMatchObject({ anomalies: 1, leastLikelyOf: { about: expect.any(Number) } })
  const shorter = await find(last)
  expect(shorter.list.items.map(({ offset }) => offset)).toEqual([11n, 12n])
  expect(shorter.overview).toMatchObject({ anomalies: 2, leastLikelyOf: null })
})
