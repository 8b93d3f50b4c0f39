import { expect, test, vi } from 'vitest'

vi.stubGlobal('window', { location: { pathname: '/', search: '' } })
const { pipelineAt } = await import('./pipeline-at.js')

const pipelines = [
  { pipeline: 'a', newestAnomalyAt: null },
  { pipeline: 'b', newestAnomalyAt: '2026-01-02T00:00:00.000Z' },
  { pipeline: 'c', newestAnomalyAt: '2026-01-01T00:00:00.000Z' },
]

test.each([
  ['/', '', 'b'],
  ['/', '?pipeline=a', 'a'],
  ['/anomalies/c%2Ft%2F0%2F1', '', 'c'],
  ['/anomalies/c%2Ft%2F0%2F1', '?pipeline=a', 'c'],
])('issue 17.10: %s%s is about pipeline %s', (path, search, expected) => {
  expect(pipelineAt({ path, search }, pipelines)).toBe(expected)
})

test('without pipelines it is empty', () => {
  expect(pipelineAt({ path: '/', search: '' }, [])).toBe('')
})
