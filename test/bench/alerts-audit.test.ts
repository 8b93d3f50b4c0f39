import { expect, test } from 'vitest'
import { auditAlerts } from './alerts-audit.js'

const alert = (key: string, place: number) => ({ id: `${key}${place}`, key, place })
const seen = (key: string, place: number, partition = 0) => ({ partition, value: JSON.stringify(alert(key, place)) })
const committed = [alert('a', 0), alert('a', 1), alert('b', 0)]

test('alerts that are read once and in order per key have no faults', () => {
  expect(auditAlerts(committed, [seen('a', 0), seen('b', 0, 1), seen('a', 1)])).toEqual({
    lost: 0,
    duplicated: 0,
    foreign: 0,
    outOfOrder: 0,
  })
})

test('lost, duplicated, foreign and out-of-order alerts are counted', () => {
  const audit = (...messages: ReturnType<typeof seen>[]) => auditAlerts(committed, messages)
  expect(audit(seen('a', 0), seen('b', 0))).toMatchObject({ lost: 1, duplicated: 0 })
  expect(audit(seen('a', 0), seen('a', 1), seen('b', 0), seen('a', 0))).toMatchObject({ duplicated: 1, outOfOrder: 0 })
  expect(audit(seen('c', 0))).toMatchObject({ foreign: 1, lost: 3 })
  expect(audit(seen('a', 1), seen('a', 0))).toMatchObject({ outOfOrder: 1 })
  expect(audit(seen('a', 0), seen('a', 1, 1))).toMatchObject({ outOfOrder: 1 })
})
