import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { makeLiveScreen } from './live-screen.js'

const aStream = ({ isTTY = true, rows = 24 } = {}) =>
  Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, rows })

const BEGIN = '\u001B[?25l\u001B[?7l'
const END = '\u001B[?7h\u001B[?25h'

it('redraws only when the text has changed, and restores the cursor', () => {
  const stream = aStream()
  const screen = makeLiveScreen(stream, {})
  screen.draw('one\ntwo')
  screen.draw('one\ntwo')
  screen.draw('three')
  screen.close()
  expect(stream.read()).toBe(`${BEGIN}\u001B[0Jone\ntwo\n\u001B[2F\u001B[0Jthree\n${END}`)
})

it('erases the text for a permanent line, and draws below it', () => {
  const stream = aStream()
  const screen = makeLiveScreen(stream, {})
  screen.draw('one\ntwo')
  screen.erase()
  stream.write('said\n')
  screen.draw('one')
  expect(stream.read()).toBe(`${BEGIN}\u001B[0Jone\ntwo\n\u001B[2F\u001B[0J${END}said\n${BEGIN}\u001B[0Jone\n`)
})

it('omits lines that do not fit on the screen', () => {
  const stream = aStream({ rows: 3 })
  makeLiveScreen(stream, {}).draw('1\n2\n3\n4')
  expect(stream.read()).toBe(`${BEGIN}\u001B[0J1\n2\n`)
})

it('draws all lines on a terminal of 0 rows, whose size is unknown (top drew the time alone)', () => {
  const stream = aStream({ rows: 0 })
  makeLiveScreen(stream, {}).draw('1\n2')
  expect(stream.read()).toBe(`${BEGIN}\u001B[0J1\n2\n`)
})

it.each([
  ['in a pipe', { isTTY: false }, {}],
  ['on a terminal with TERM=dumb', { isTTY: true }, { TERM: 'dumb' }],
])('writes plain text %s', (_, kind, env) => {
  const stream = aStream(kind)
  const screen = makeLiveScreen(stream, env)
  screen.draw('one')
  screen.erase()
  screen.draw('two')
  screen.close()
  expect(stream.read()).toBe('one\ntwo\n')
})
