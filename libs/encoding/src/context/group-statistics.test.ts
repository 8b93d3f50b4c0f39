import fc from 'fast-check'
import { expect, it } from 'vitest'
import { describeGroups, prepareNumbers } from './group-statistics.js'

const FLOOR = 0.01
const GROUPS = 3
/** Of a row: its number, its group and its fold. */
const row = fc.record({
  z: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ min: -5, max: 5, noNaN: true }), fc.constant(Number.NaN)),
  group: fc.integer({ min: 0, max: GROUPS }),
  fold: fc.integer({ min: 0, max: 4 }),
})

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const lowerMiddle = (values: readonly number[]) => ascending(values)[(values.length - 1) >> 1]!

it('describes each group by its median, its shrunken deviation and its count, and a row by the rows of the other folds', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
      const z = Float64Array.from(rows, (own) => own.z)
      const { table, outOfFold } = describeGroups(
        prepareNumbers([z], [FLOOR]),
        Int32Array.from(rows, ({ group }) => group),
        GROUPS,
        Uint8Array.from(rows, ({ fold }) => fold),
      )
      const valuesOf = (group: number, without?: number) =>
        rows.filter((own) => own.group === group && own.fold !== without && !Number.isNaN(own.z)).map((own) => own.z)
      const distances = rows.flatMap((own) => {
        const others = own.group === 0 ? [] : valuesOf(own.group, own.fold)
        return others.length === 0 || Number.isNaN(own.z) ? [] : [Math.abs(own.z - lowerMiddle(others))]
      })
      const typical = Math.max(1.4826 * (ascending(distances)[distances.length >> 1] ?? 0), FLOOR)
      const described = (group: number, without?: number) => {
        const count = rows.filter((own) => own.group === group && own.fold !== without).length
        const seen = [count > 0 ? 1 : 0, Math.log(1 + (without === undefined ? count : (count * 5) / 4))]
        const values = valuesOf(group, without)
        if (group === 0) return [0, 0, 0, 0]
        if (values.length === 0) return [0, 0, ...seen]
        const median = lowerMiddle(values)
        const mad = lowerMiddle(values.map((value) => Math.abs(value - median)))
        const deviation = (values.length * 1.4826 * mad + 5 * typical) / (values.length + 5)
        return [median, Math.log(Math.max(deviation, FLOOR)), ...seen]
      }
      const groups = [0, 1, 2, 3].map((group) => described(group))
      const found = [
        ...Array.from(table, (value, at) => [value, groups.flat()[at]!]),
        ...Array.from(outOfFold, (value, at) => [value, described(rows[at >> 2]!.group, rows[at >> 2]!.fold)[at % 4]!]),
      ]
      for (const [value, expected] of found) expect(value).toBeCloseTo(expected!, 5)
    }),
    { seed: 1 },
  )
})
