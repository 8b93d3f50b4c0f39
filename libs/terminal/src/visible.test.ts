import { expect, it } from 'vitest'
import { makeTerminal } from './terminal.js'
import { oneLine, visible } from './visible.js'

const ESC = '\u001b'

it('issue 17.26: shows escape sequences, C1 controls and bidirectional overrides as escapes', () => {
  expect(visible(`a${ESC}]0;title\u0007b`)).toBe('a\\u001b]0;title\\u0007b')
  expect(visible(`${ESC}[2J${ESC}[1A`)).toBe('\\u001b[2J\\u001b[1A')
  expect(visible('a\u009b2Jb')).toBe('a\\u009b2Jb')
  expect(visible('abc\u202edef\u2066')).toBe('abc\\u202edef\\u2066')
  expect(visible('over\rwritten')).toBe('over\\u000dwritten')
  expect(visible('Zürich → 東京 🚚')).toBe('Zürich → 東京 🚚')
})

it('keeps line ends, tabs and colours, which outflow writes', () => {
  const text = `${ESC}[1mname${ESC}[22m\ta\nb`
  expect(visible(text)).toBe(text)
  expect(oneLine(text)).toBe('\\u001b[1mname\\u001b[22m\\u0009a\\u000ab')
})

it('issue 17.26: control characters from data are never written to a terminal', async () => {
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text) > 0, isTTY: true }
  const terminal = makeTerminal({ stdout: stream, stderr: stream, env: {} } as never)
  terminal.say(`no field ${ESC}]52;c;cm0=\u0007`)
  const text = `city Par${ESC}[8mis\nrow 0 (line 1)  normal`
  await terminal.result(`${oneLine(text)}\n`)
  await terminal.result(JSON.stringify({ city: '\u009b2J' }))
  expect(written).toEqual([
    'no field \\u001b]52;c;cm0=\\u0007\n',
    'city Par\\u001b[8mis\\u000arow 0 (line 1)  normal\n',
    '{"city":"\\u009b2J"}',
  ])
  // The escape of a character in JSON is JSON.
  expect(JSON.parse(written[2]!)).toEqual({ city: '\u009b2J' })
})
