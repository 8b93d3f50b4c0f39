import type { ModelMetadata } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { fewestRows, tooFewInTopics } from './fewest-rows.js'

const training = { minRows: 2_000 }
const aModel = (provisional: boolean) => ({ metadata: { provisional } as ModelMetadata })

test('a first fit needs minRows, until the topics have contained enough records for a provisional model for a minute', () => {
  expect(fewestRows({ training, active: undefined, enoughForMs: 0 })).toBe(2_000)
  expect(fewestRows({ training, active: undefined, enoughForMs: 59_999 })).toBe(2_000)
  expect(fewestRows({ training, active: undefined, enoughForMs: 60_000 })).toBe(200)
})

test('a provisional model is fitted again to fewer than minRows, a full one is not', () => {
  expect(fewestRows({ training, active: aModel(true), enoughForMs: 0 })).toBe(200)
  expect(fewestRows({ training, active: aModel(false), enoughForMs: 120_000 })).toBe(2_000)
})

test('no provisional model needs more than minRows', () => {
  expect(fewestRows({ training: { minRows: 50 }, active: undefined, enoughForMs: 60_000 })).toBe(50)
})

test('the records that a provisional model needs are stated only where one would be fitted', () => {
  expect(tooFewInTopics(120, 2_000, true)).toBe(
    'training window: 120 records in the topics; a fit needs 2,000, a provisional one 200',
  )
  expect(tooFewInTopics(1_200, 2_000, false)).toBe('training window: 1,200 records in the topics; a fit needs 2,000')
})

test('with enough records for a provisional model, its fit is announced (status stated a need that was met)', () => {
  expect(tooFewInTopics(400, 2_000, true)).toBe(
    'training window: 400 records in the topics; a fit needs 2,000; a provisional one starts within a minute',
  )
})
