import { makeTerminal } from '@outflow/terminal'
import { expect, test } from 'vitest'
import { lineOf } from './doctor.js'

test('a finding that quotes a colour of a record does not set it on the terminal', () => {
  const finding = { name: 'records', ok: true, detail: '1 cannot be read: not JSON: "\u001b[8mx"', fix: null }
  const { stdout, stderr } = process
  expect(lineOf(finding, makeTerminal({ stdout, stderr, env: { NO_COLOR: '1' } }))).toBe(
    '✓ records    1 cannot be read: not JSON: "\\u001b[8mx"\n',
  )
})
