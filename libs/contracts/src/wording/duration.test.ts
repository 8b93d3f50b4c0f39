import { expect, test } from 'vitest'
import { formatDuration } from './duration.js'

test.each([
  [-30, '0 ms'],
  [0.25, '250 ms'],
  [1, '1 s'],
  [8, '8 s'],
  [119, '119 s'],
  [120, '2 min'],
  [840, '14 min'],
  [7_200, '2 h'],
  [11_160, '3.1 h'],
  [200_000, '2 days'],
  [1_036_800, '12 days'],
])('%d seconds read %s', (seconds, text) => expect(formatDuration(1_000 * seconds)).toBe(text))
