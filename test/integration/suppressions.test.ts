import { suppressionRuleSchema } from '@outflow/contracts'
import { StoreRefused } from '@outflow/store'
import { addSuppression, listSuppressions, removeSuppression } from '@outflow/store/suppressions'
import { expect, test } from 'vitest'
import { pool } from '../support/a-pool.js'
import { aName } from '../support/infrastructure.js'

const aRule = (overrides: object) =>
  suppressionRuleSchema.parse({ entity: 'JFK', expiresAt: '2999-01-01T00:00:00Z', ...overrides })

test('rules are stored with their author, their expiry, and who removed them', async () => {
  const pipeline = aName('pipeline')
  const rule = aRule({
    field: 'delay',
    direction: 'above',
    range: [30, null],
    timeOfWeek: 'mon 06:00-09:00',
    zone: 'Europe/Berlin',
  })
  const id = await addSuppression(pool, { pipeline, rule, why: 'known', by: 'ada' })
  const other = await addSuppression(pool, { pipeline, rule: aRule({}), why: 'also known', by: 'ada' })
  await addSuppression(pool, { pipeline: aName('other'), rule, why: 'known', by: 'ada' })

  const listed = await listSuppressions(pool, { pipeline })
  expect(listed.map((own) => own.id)).toEqual([other, id])
  expect(listed[1]).toMatchObject({ ...rule, why: 'known', createdBy: 'ada', removedAt: null, hidden: 0 })

  expect(await removeSuppression(pool, { pipeline: aName('other'), id, by: 'bob' })).toBe(false)
  expect(await removeSuppression(pool, { pipeline, id, by: 'bob' })).toBe(true)
  expect(await removeSuppression(pool, { pipeline, id, by: 'eve' })).toBe(false)
  expect(await listSuppressions(pool, { pipeline })).toHaveLength(1)
  expect((await listSuppressions(pool, { pipeline, all: true }))[1]).toMatchObject({ id, removedBy: 'bob' })
})

test('a rule that has expired already is rejected', async () => {
  const rule = aRule({ expiresAt: '2001-01-01T00:00:00Z' })
  const added = addSuppression(pool, { pipeline: aName('pipeline'), rule, why: 'late', by: 'ada' })
  await expect(added).rejects.toThrow(StoreRefused)
  await expect(added).rejects.toThrow(/suppressions_expire_after_creation/)
})
