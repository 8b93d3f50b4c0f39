import { expect, test } from 'vitest'
import { detectionSchema } from './detection.js'

test.each([
  [{ alertRate: 0.01, alertBudget: '20/day' }],
  [{ alertBudget: '20/day', fdr: 0.1 }],
  [{ alertRate: 0.01, fdr: 0.1 }],
])('refuses two targets at once: %j', (detection) => {
  expect(detectionSchema.safeParse(detection).error?.issues[0]?.message).toMatch(/^allowed: one of/)
})

test.each(['20', 'day', '-1/day', '20/decade', '0/day'])('rejects the budget %s', (alertBudget) => {
  expect(detectionSchema.safeParse({ alertBudget }).success).toBe(false)
})
