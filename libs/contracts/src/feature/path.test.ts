import fc from 'fast-check'
import { expect, it } from 'vitest'
import { columnOfSteps, emptyRecord, formatPath, nameOfPath, parsePath, putAt, stepsOfColumn } from './path.js'
import { fieldPath } from './path-schema.js'

it.each([
  ['$.delay', ['delay']],
  ['$.route.origin', ['route', 'origin']],
  ['$.legs[0].miles', ['legs', 0, 'miles']],
  ['$.Departure Time', ['Departure Time']],
  ['$[2]', [2]],
  ['$["metrics.cpu"]', ['metrics.cpu']],
  ['$.a["b[0]"].c', ['a', 'b[0]', 'c']],
  ['$["say \\"hi\\""]', ['say "hi"']],
  ['$.__proto', ['__proto']],
])('reads %s as a path', (path, steps) => {
  expect(fieldPath.safeParse(path).success).toBe(true)
  expect(parsePath(path)).toEqual(steps)
  expect(parsePath(formatPath(steps))).toEqual(steps)
})

it.each(['delay', '$', '$.', '$.a..b', '$.a[b]', '$.a[0', '$["a]', '$["\\x"]', '$.__proto__', '$.a["__proto__"].b'])(
  'does not read %s as a path',
  (path) => {
    expect(fieldPath.safeParse(path).success).toBe(false)
  },
)

const keys = fc.string({ unit: 'binary', maxLength: 12 }).filter((key) => key !== '__proto__')
const steps = fc.array(fc.oneof(keys, fc.constantFrom('constructor', 'toString', 'metrics.cpu', 'a..b.'), fc.nat(3)), {
  minLength: 1,
  maxLength: 4,
})

it('issue 17.4: reads back every path and column that it writes, for any keys', () => {
  fc.assert(
    fc.property(steps, (own) => {
      expect(fieldPath.safeParse(formatPath(own)).success).toBe(true)
      expect(parsePath(formatPath(own))).toEqual(own)
      expect(stepsOfColumn(columnOfSteps(own))).toEqual(own)
    }),
  )
})

it.each([
  ['Duration..in.seconds.', ['Duration..in.seconds.']],
  ['route.origin', ['route', 'origin']],
  ['price [EUR]', ['price [EUR]']],
  ['["metrics.cpu"]', ['metrics.cpu']],
])('issue 17.4: parses the column %s as %j', (column, own) => {
  expect(stepsOfColumn(column)).toEqual(own)
  expect(columnOfSteps(own)).toBe(column)
})

it('names a path by its only key, and another path or a blank key without the "$." (a reason began with its value)', () => {
  const paths = ['$.delay', '$["metrics.cpu"]', '$.route.origin', '$[0]', '$[""]', '$[" "]']
  expect(paths.map(nameOfPath)).toEqual(['delay', 'metrics.cpu', 'route.origin', '0', '[""]', '[" "]'])
})

it('issue 17.5: sets values under the names of Object.prototype without changing it', () => {
  const record = emptyRecord()
  putAt(record, stepsOfColumn('constructor.name'), 'a')
  putAt(record, stepsOfColumn('constructor.prototype.x'), 'b')
  putAt(record, stepsOfColumn('__proto__'), 'c')
  expect(JSON.parse(JSON.stringify(record))).toEqual(
    JSON.parse('{"constructor":{"name":"a","prototype":{"x":"b"}},"__proto__":"c"}'),
  )
  expect('x' in {}).toBe(false)
})

it('issue 17.5: accepts keys and indices in any order', () => {
  const record = emptyRecord()
  putAt(record, stepsOfColumn('a[0]'), 'first')
  putAt(record, stepsOfColumn('a.length'), 'long')
  putAt(record, stepsOfColumn('a[1].length.x'), 'deep')
  expect(JSON.parse(JSON.stringify(record))).toEqual({
    a: { 0: 'first', 1: { length: { x: 'deep' } }, length: 'long' },
  })
})
