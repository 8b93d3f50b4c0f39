import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { drawBar } from './bars.js'
import { makeLiveScreen } from './live-screen.js'

describe('a live screen', () => {
  it('goes back over what it drew, and only where something changed', () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { rows: 24 })
    const screen = makeLiveScreen(stream)
    screen.draw('one\ntwo')
    screen.draw('one\ntwo')
    screen.draw('three')
    screen.close()
    expect(stream.read()).toBe('\u001B[?25l\u001B[0Jone\ntwo\n\u001B[2F\u001B[0Jthree\n\u001B[?25h')
  })

  it('makes room for a line that stays, and draws below it', () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { rows: 24 })
    const screen = makeLiveScreen(stream)
    screen.draw('one\ntwo')
    screen.erase()
    stream.write('said\n')
    screen.draw('one')
    expect(stream.read()).toBe('\u001B[?25l\u001B[0Jone\ntwo\n\u001B[2F\u001B[0Jsaid\n\u001B[?25l\u001B[0Jone\n')
  })

  it('leaves out the lines that would scroll away', () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { rows: 3 })
    makeLiveScreen(stream).draw('1\n2\n3\n4')
    expect(stream.read()).toBe('\u001B[?25l\u001B[0J1\n2\n')
  })
})

describe('drawBar', () => {
  it('is full at the end and not before', () => {
    const phase = { label: 'fit', total: 2_000, unit: 'steps' }
    expect(drawBar({ ...phase, done: 2_000 })).toBe('fit     ████████████████████████ 100 %  2,000 of 2,000 steps')
    expect(drawBar({ ...phase, done: 1_999, detail: '0.5 nats' })).toContain(' 99 %  1,999 of 2,000 steps  0.5 nats')
  })
})
