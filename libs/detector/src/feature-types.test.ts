import type { Feature } from '@outflow/contracts'
import { decodeRecords, encodeBatch, fitEncoder, rowDim, sampleCategories } from '@outflow/encoding'
import { makeReader, rowFiller } from '@outflow/records'
import { columnsOf, type Fields } from '@outflow/records/fields'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fieldShifts } from './drift/field-shifts.js'
import { explainRecord } from './explaining/explain.js'
import { runNllQueries } from './explaining/nll-queries.js'
import { answered } from './explaining/test-queries.js'
import { fitMarginals } from './marginals.js'

type Type = Feature['type']

/** Normal values of each type by the number of the record, and one odd value. */
const VALUES: Readonly<Record<Type, { readonly normal: (k: number) => unknown; readonly odd: unknown }>> = {
  numeric: { normal: (k) => (k * 37) % 50, odd: 5_000 },
  categorical: { normal: (k) => ['red', 'green', 'blue'][(k * 7) % 3], odd: 'infrared' },
  boolean: { normal: (k) => k > 0, odd: false },
  cyclic: { normal: (k) => Date.UTC(2026, 0, 5, 8, (k * 11) % 240), odd: Date.UTC(2026, 0, 5, 22) },
  text: { normal: (k) => `Gate ${10 + ((k * 13) % 80)}`, odd: '?!?!?!?!?!?!?!?!?!?!' },
  window: { normal: (k) => (k * 17) % 10, odd: 900 },
}

function featureOf(type: Type, index: number): Feature {
  const field = { path: `$.f${index}`, optional: false }
  if (type === 'window') return { type, name: `f${index}`, aggregate: 'count', over: '1h' }
  if (type === 'cyclic') return { ...field, type, period: 'day' }
  return { ...field, type } as Feature
}

/** Reads one record; `odd` is the feature with an odd value, -1 for none. */
function readerOf(features: readonly Feature[]) {
  const read = makeReader(features)
  const windows = features.flatMap((feature, index) => (feature.type === 'window' ? [index] : []))
  const fill = rowFiller(
    features,
    windows.map((_, place) => place),
  )
  return (k: number, odd = -1): Fields => {
    const values = features.map(({ type }, at) => (at === odd ? VALUES[type].odd : VALUES[type].normal(k)))
    const fields = read(Object.fromEntries(values.map((value, at) => [`f${at}`, value])))
    if ('reason' in fields) throw new Error(fields.detail)
    const numbers = [...fields.numbers]
    fill(
      numbers,
      0,
      windows.map((at) => values[at] as number),
    )
    return { ...fields, numbers }
  }
}

const typeLists = fc.array(fc.constantFrom(...(Object.keys(VALUES) as Type[])), { minLength: 1, maxLength: 6 })

it('issue 17.1: names the odd field in every mixture of feature types', async () => {
  await fc.assert(
    fc.asyncProperty(typeLists, fc.nat(), async (types, at) => {
      const features = types.map(featureOf)
      const record = readerOf(features)
      const records = Array.from({ length: 200 }, (_, k) => record(k))
      const { encoder } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
      const odd = at % features.length
      const fields = record(1, odd)

      // The standard normal replaces a flow.
      const nll = async (batch: readonly Fields[]) => {
        const { rows, addedNll } = encodeBatch(encoder, batch)
        const dim = rowDim(encoder)
        return addedNll.map((nats, row) =>
          rows.subarray(row * dim, (row + 1) * dim).reduce((sum, z) => sum + z * z * 0.5, nats),
        )
      }
      const ofOdd = columnsOf(features)
        .filter(({ of }) => of === features[odd])
        .map((column) => column.name)
      const own = (await nll([fields]))[0]!
      expect(own).toBeGreaterThan((await nll([record(1)]))[0]!)

      const ordinary = Math.max(...(await nll(records)))
      const [explanation] = await runNllQueries(nll, [explainRecord(encoder, { fields, nll: own }, ordinary)])
      const { reasons, counterfactual } = explanation!
      expect(ofOdd).toContain(reasons[0]!.field)
      for (const { field } of counterfactual?.changes ?? []) expect(ofOdd).toContain(field)
      expect(counterfactual?.changes.length).not.toBe(0)

      const nllByField = fitMarginals(features, records, {})
      const [normal, surprising] = [nllByField(record(1)), nllByField(fields)]
      expect([...normal, ...surprising].every(Number.isFinite)).toBe(true)
      columnsOf(features).forEach(({ name: field }, place) => {
        if (!ofOdd.includes(field)) expect([field, surprising[place]]).toEqual([field, normal[place]])
      })
      expect(surprising.reduce((sum, nats) => sum + nats)).toBeGreaterThan(normal.reduce((sum, nats) => sum + nats))

      const moved = records.map((_, k) => record(k, odd))
      const [first, ...others] = fieldShifts(encoder, moved)
      expect(ofOdd).toContain(first!.field)
      for (const shift of others) if (!ofOdd.includes(shift.field)) expect(shift.nats).toBeLessThan(first!.nats)

      const ids = sampleCategories(encoder.tree, 20, 1)
      const drawn = decodeRecords(encoder, ids, new Float32Array(20 * rowDim(encoder)), 20)
      const reread = drawn.map(makeReader(features))
      expect(reread.filter((read) => 'reason' in read)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

it('issue 17.1: finds swapped numbers in a record with a text', async () => {
  const features: Feature[] = [
    { path: '$.note', type: 'text', optional: false },
    { path: '$.lat', type: 'numeric', optional: false },
    { path: '$.lon', type: 'numeric', optional: false },
  ]
  const read = makeReader(features)
  const at = (k: number) => ({ note: `Gate ${k % 40}`, lat: 47 + (k % 10) / 10, lon: 120 + ((k * 7) % 10) / 10 })
  const records = Array.from({ length: 400 }, (_, k) => read(at(k)) as Fields)
  const { encoder } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
  const isNormal = ({ numbers }: Fields) => numbers.at(-2)! < 50 && numbers.at(-1)! > 110
  const fields = read({ note: 'Gate 3', lat: 120.3, lon: 47.3 }) as Fields
  const { reasons, counterfactual } = await answered(explainRecord(encoder, { fields, nll: 100 }, 20), (own) =>
    isNormal(own) ? 5 : 100 + Math.abs(own.numbers.at(-2)! - 120.3),
  )
  expect(counterfactual!.changes.map(({ field }) => field).sort()).toEqual(['lat', 'lon'])
  expect(reasons.length).toBeGreaterThan(0)
})
