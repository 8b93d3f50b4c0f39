import { expect, test } from 'vitest'
import { compareRows } from './same-rows.js'

const row = (id: string, nll = 1) => ({ id, content: { nll, severity: 'high', reasons: [{ bits: 2 }] } })

test('rows in another order that differ by a float32 rounding are equal', () => {
  expect(compareRows([row('a', 400), row('b')], [row('b'), row('a', 400.003)])).toEqual({
    expected: 2,
    lost: 0,
    duplicated: 0,
    differing: 0,
    examples: [],
  })
})

test('lost, duplicated, foreign and changed rows are reported', () => {
  const found = [row('twice'), row('twice'), row('other', 1.1), row('invented')]
  const report = compareRows([row('lost'), row('twice'), row('other')], found)
  expect(report).toMatchObject({ expected: 3, lost: 1, duplicated: 2, differing: 1 })
  expect(report.examples.map((example) => example.split(' ')[0])).toEqual([
    'duplicated:',
    'differing:',
    'duplicated:',
    'lost:',
  ])
})

test('content that lacks a part or has an additional one is different', () => {
  const due = { id: 'a', content: { reasons: [{ bits: 2 }, { bits: 1 }] } }
  expect(compareRows([due], [{ id: 'a', content: { reasons: [{ bits: 2 }] } }]).differing).toBe(1)
  expect(compareRows([due], [{ id: 'a', content: { ...due.content, more: null } }]).differing).toBe(1)
})
