import { expect, it } from 'vitest'
import { cellOf, commandOf } from './report.js'

it('reports the command without the folders of one machine', () => {
  const args = ['--data', '/home/someone/adbench', '--json', '/tmp/adbench.json', '--seeds', '1']
  expect(commandOf('bench:quality', args)).toBe('npm run bench:quality -- --data adbench --seeds 1')
  expect(commandOf('bench:mixed', ['--json', 'mixed.json'])).toBe('npm run bench:mixed')
})

it('writes figures with three significant digits, and all digits of large ones', () => {
  expect([0.90512, 12.345, 261_340.4, 1e-5, 0, 250, null, 'S'].map(cellOf)).toEqual([
    ...['0.905', '12.3', '261,340', '1.0e-5', '0', '250', '', 'S'],
  ])
})
