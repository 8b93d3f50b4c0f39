import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { makeTerminal } from './terminal.js'

test.each([
  ['a pipe, whatever CI says', { terminal: false, env: { CI: 'true', FORCE_COLOR: '1' } }, '✓'],
  ['a terminal', { terminal: true, env: {} }, '\u001b[32m✓\u001b[39m'],
  ['a terminal with TERM=dumb (it printed the sequences)', { terminal: true, env: { TERM: 'dumb' } }, '✓'],
  ['a terminal with NO_COLOR', { terminal: true, env: { NO_COLOR: '1' } }, '✓'],
])('colours on %s', (_, { terminal, env }, expected) => {
  const stream = Object.assign(new PassThrough(), { isTTY: terminal }) as unknown as NodeJS.WriteStream & { fd: 1 & 2 }
  const { paint, paintResult } = makeTerminal({ stdout: stream, stderr: stream, env })
  expect([paint.green('✓'), paintResult.green('✓')]).toEqual([expected, expected])
})
