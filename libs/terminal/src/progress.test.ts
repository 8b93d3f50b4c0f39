import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeProgressArea } from './progress.js'

describe('in a pipe', () => {
  it('writes one line per tenth of the total, and the last state once', () => {
    const stream = new PassThrough({ encoding: 'utf8' })
    const progress = makeProgressArea(stream, {}).open({ label: 'fit', total: 2000, unit: 'step' })
    for (let step = 50; step <= 1050; step += 50) progress.update(step, `validation ${step}`)
    progress.stop()
    progress.stop()
    const lines: string[] = stream.read().trimEnd().split('\n')
    expect(lines[0]).toBe('fit: 50 of 2,000 steps, validation 50')
    expect(lines.at(-1)).toBe('fit: 1,050 of 2,000 steps, validation 1050')
    expect(lines).toHaveLength(7)
  })

  it('writes a line every five seconds if the total is unknown', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const stream = new PassThrough({ encoding: 'utf8' })
    const progress = makeProgressArea(stream, {}).open({ label: 'score', total: null, unit: 'row' })
    for (let ms = 0; ms <= 12_000; ms += 1000) {
      progress.update(ms)
      vi.advanceTimersByTime(1000)
    }
    progress.stop()
    expect(stream.read()).toBe('score: 5,000 rows\nscore: 10,000 rows\nscore: 12,000 rows\n')
  })

  it('writes the last state before the lines after it', () => {
    const stream = new PassThrough({ encoding: 'utf8' })
    const area = makeProgressArea(stream, {})
    const fit = area.open({ label: 'fit', total: 2000, unit: 'step' })
    fit.update(800, '2.1 nats')
    fit.update(950)
    area.below('a table')
    fit.stop()
    area.say('model 39406064 scores from now on')
    expect(stream.read()).toBe(
      'fit: 800 of 2,000 steps, 2.1 nats\nfit: 950 of 2,000 steps, 2.1 nats\nmodel 39406064 scores from now on\n',
    )
  })
})

describe('on a terminal', () => {
  const BEGIN = '\u001B[?25l\u001B[?7l'
  const END = '\u001B[?7h\u001B[?25h'
  const CLEAR = '\u001B[0J'
  const aTerminal = () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, rows: 24 })
    return { area: makeProgressArea(stream, {}), written: () => String(stream.read()) }
  }
  const bar = (full: number) => '█'.repeat(full) + '░'.repeat(24 - full)

  it('a bar is full at the end and not before', () => {
    const { area, written } = aTerminal()
    const fit = area.open({ label: 'fit', total: 2_000, unit: 'step' })
    fit.update(1_999, '0.5 nats')
    expect(written()).toContain(' 99 %  1,999 of 2,000 steps  0.5 nats\n')
    fit.update(2_000)
    expect(written()).toContain(`fit     ${bar(24)} 100 %  2,000 of 2,000 steps  0.5 nats\n`)
  })

  it('shows lines above the bars, and a text below them until the last one stops; the bars stay', () => {
    const { area, written } = aTerminal()
    const feed = area.open({ label: 'feed', total: 10, unit: 'message' })
    const score = area.open({ label: 'score', total: null, unit: 'row' })
    feed.stop()
    area.below('a table')
    written()
    area.say('a model scores')
    const bars = `feed    ${bar(0)}   0 %  0 of 10 messages\nscore   0 rows\n`
    expect(written()).toBe(`\u001B[4F${CLEAR}${END}a model scores\n${BEGIN}${CLEAR}${bars}\na table\n`)
    score.stop()
    score.update(5)
    expect(written()).toBe(`\u001B[4F${CLEAR}${bars}${END}`)
    area.below('nothing')
    area.say('done')
    expect(written()).toBe('done\n')
  })
})
