import type { ModelMetadata } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { trainedAtOf } from './models.js'

it('names the time of the fit of a model that was stored again with another calibration set', () => {
  const metadata = { createdAt: '2026-01-31T08:00:00.000Z' } as ModelMetadata
  const createdAt = new Date('2026-01-31T09:30:00Z')

  expect(trainedAtOf({ metadata, createdAt })).toEqual(new Date('2026-01-31T08:00:00Z'))
  expect(trainedAtOf({ metadata: null, createdAt })).toEqual(createdAt)
})
