import { expect, test } from 'vitest'
import type { Config } from '../config/config.js'
import type { ModelMetadata } from '../model/model-metadata.js'
import { describeProvisional } from './provisional.js'

const config = (provisional = false) =>
  ({ training: { minRows: 2_000, window: 86_400_000 }, alerts: { provisional } }) as Config
const aModel = (own: Partial<ModelMetadata>) =>
  ({ provisional: true, training: { rows: 180 }, ...own }) as ModelMetadata

test('a provisional model is described with its records, its alerts, and the fit that gives a full model, also after a rollback', () => {
  expect(describeProvisional(aModel({ recordsPerDay: 5_000 }), config())).toEqual({
    what: 'provisional model (180 records); its anomalies are not alerted',
    next: 'the next fit with 2,000 records in its window gives a full model; `outflow retrain` starts it once they are there',
  })
  expect(describeProvisional(aModel({}), config(true))?.what).toBe('provisional model (180 records)')
})

test('if the window never contains enough records, the text names settings that are sufficient', () => {
  expect(describeProvisional(aModel({ recordsPerDay: 300.4 }), config())?.next).toBe(
    'a full model needs 2,000 records, and training.window holds about 300: set it to 7d or more, or lower training.minRows',
  )
  // A duration has no thousands separator.
  expect(describeProvisional(aModel({ recordsPerDay: 1.6 }), config())?.next).toContain('set it to 1250d or more')
  // No duration is longer than 3650d.
  expect(describeProvisional(aModel({ recordsPerDay: 0.5 }), config())?.next).toBe(
    'a full model needs 2,000 records, and training.window holds about 0: lower training.minRows',
  )
})

test('a full model is not described', () => {
  expect(describeProvisional(aModel({ provisional: false }), config())).toBeNull()
})
