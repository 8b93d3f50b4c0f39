import { expect, test } from 'vitest'
import { tooFewInTopics } from './too-few.js'

test('the records that a provisional model needs are stated only where one would be fitted', () => {
  expect(tooFewInTopics(120, 2_000, true)).toBe(
    'training window: 120 records in the topics; a fit needs 2,000, a provisional one 200',
  )
  expect(tooFewInTopics(1_200, 2_000, false)).toBe('training window: 1,200 records in the topics; a fit needs 2,000')
})
