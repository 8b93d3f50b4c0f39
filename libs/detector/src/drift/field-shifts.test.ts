import { type Feature, featureSchema } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { fieldShifts } from './field-shifts.js'

const features: readonly Feature[] = [
  featureSchema.parse({ path: '$.heat', type: 'numeric' }),
  featureSchema.parse({ path: '$.load', type: 'numeric' }),
  featureSchema.parse({ path: '$.plant', type: 'categorical' }),
]
const { uniform } = seededDraws(9)
const bell = () => uniform() + uniform() + uniform() + uniform() - 2

const records = (count: number, { heat = 0, load = 1, east = 0 } = {}) =>
  Array.from(
    { length: count },
    (): Fields => ({
      numbers: [heat + bell(), load * bell()],
      categories: [uniform() < east ? 'east' : uniform() < 0.5 ? 'north' : 'south'],
    }),
  )

const shiftsOf = async (training: readonly Fields[], recent: readonly Fields[]) =>
  fieldShifts((await fitEncoder(features, training, { contamination: 0.01, seed: 1 })).encoder, recent)

it('ranks the changed field first by its divergence; the others are about 0', async () => {
  const [first, ...others] = await shiftsOf(records(2_000), records(2_000, { heat: 0.6 }))
  // For normal densities a shift of d deviations has a divergence of d² / 2; the deviation here is 0.58, and binning loses a little.
  expect(first).toMatchObject({ field: 'heat' })
  expect(first!.nats).toBeGreaterThan(0.35)
  expect(first!.nats).toBeLessThan(0.6)
  for (const { nats } of others) expect(Math.abs(nats)).toBeLessThan(0.05)
})

it('detects a new category, and a sensor that is stuck', async () => {
  expect((await shiftsOf(records(2_000), records(1_000, { east: 0.3 })))[0]).toMatchObject({ field: 'plant' })
  expect((await shiftsOf(records(2_000), records(1_000, { load: 0 })))[0]).toMatchObject({ field: 'load' })
})

it('is about 0 without a change', async () => {
  for (const { nats } of await shiftsOf(records(2_000), records(2_000))) expect(Math.abs(nats)).toBeLessThan(0.05)
})

it('detects a change within each of several scales, which is small for the field as a whole', async () => {
  const scales = (factor: number) =>
    records(2_000).map(
      ({ numbers, categories }, index): Fields => ({
        numbers: [factor * 10 ** (2 * (index % 3)) * Math.exp(numbers[0]! / 3), numbers[1]!],
        categories,
      }),
    )
  const [first, ...others] = await shiftsOf(scales(1), scales(1.2))
  expect(first).toMatchObject({ field: 'heat' })
  expect(first!.nats).toBeGreaterThan(0.2)
  for (const { nats } of others) expect(Math.abs(nats)).toBeLessThan(0.05)
})

it('finds no shift of a value that most records share', async () => {
  const mostlyZero = (share: number) =>
    records(2_000).map(
      ({ numbers: [heat, load], categories }): Fields => ({
        numbers: [heat!, uniform() < share ? 0 : 5 * load!],
        categories,
      }),
    )
  for (const share of [0.5, 0.9, 0.97])
    for (const { nats } of await shiftsOf(mostlyZero(share), mostlyZero(share)))
      expect(Math.abs(nats)).toBeLessThan(0.05)
})

it('finds no shift of whole numbers, of numbers with a heavy tail, and of a category with many rare values', async () => {
  const drawn = () =>
    records(2_000).map(
      ({ numbers: [heat] }): Fields => ({
        numbers: [Math.floor(6 * uniform()), Math.exp(3 * heat!)],
        categories: [`plant ${Math.floor(400 * uniform() ** 3)}`],
      }),
    )
  for (const { nats } of await shiftsOf(drawn(), drawn())) expect(Math.abs(nats)).toBeLessThan(0.05)
})

it('detects a change of a value that all records shared', async () => {
  for (const load of [0, 3]) {
    const training = records(2_000).map(
      ({ numbers, categories }): Fields => ({ numbers: [numbers[0]!, 1], categories }),
    )
    const recent = training.map(({ numbers, categories }): Fields => ({ numbers: [numbers[0]!, load], categories }))
    const [first] = await shiftsOf(training, recent)
    expect(first).toMatchObject({ field: 'load' })
    expect(first!.nats).toBeGreaterThan(3)
  }
})
