import { describe, expect, it } from 'vitest'
import { column, infer } from './test-builders.js'

describe('texts that mean numbers, dates or JSON', () => {
  it('leaves out numbers with commas, with what to do (they became categories, or text with many values)', () => {
    const why = expect.stringContaining('write a decimal point')
    expect(infer(column('price', '2,5', '3', '-1,75')).leftOut).toEqual({ price: why })
    expect(infer(column('amount', '1,250.75', '1.250,75', '980')).leftOut).toEqual({ amount: why })
    expect(infer(column('answers', '1,2', 'none', '3', 'all')).kinds).toEqual(['$.answers categorical'])
    expect(infer(column('total', '1 250,75', '1 250,80', '(0,75)')).leftOut).toEqual({ total: why })
  })

  it('leaves out amounts and percentages, with what to do (they became categories, or text with many values)', () => {
    const why = expect.stringContaining('write a decimal point')
    expect(infer(column('price', '$1,200.50', '-$3', '$ 7')).leftOut).toEqual({ price: why })
    expect(infer(column('price', '1.200,50 €', '3€', '7')).leftOut).toEqual({ price: why })
    expect(infer(column('discount', '12%', '7.5 %', '0')).leftOut).toEqual({ discount: why })
    expect(infer(column('share', '0-5%', '5-10%', '>10%')).kinds).toEqual(['$.share categorical'])
  })

  it('leaves out numbers with a unit, with what to do (each became a category)', () => {
    const weights = (unit: string, count: number) =>
      Array.from({ length: 400 }, (_, at) => ({ weight: `${50 + ((at * 37) % count) / 2}${unit}` }))
    const why = expect.stringContaining('write the number alone')
    for (const unit of [' kg', 'kg', '°C', ' km/h', ' m²']) {
      expect(infer(weights(unit, 97)).leftOut).toEqual({ weight: why })
      expect(infer([...weights(unit, 97), { weight: '60' }, { weight: 'NA' }]).leftOut).toEqual({ weight: why })
    }
    // A few are categories, such as the terms of a loan, and so are codes that end with several letters.
    expect(infer(weights(' months', 5)).kinds).toEqual(['$.weight categorical'])
    const seats = Array.from({ length: 400 }, (_, at) => ({ seat: `${1 + (at % 40)}${'ABC'[at % 3]}` }))
    expect(infer(seats).kinds).toEqual(['$.seat categorical'])
  })

  it('leaves out dates that are read as text, and JSON as text, with what to do (each new date was a category never seen before)', () => {
    const why = expect.stringContaining('write them as 2026-03-14')
    for (const dates of [
      ['14/03/2026', '1/12/2025', '2026-03-13'],
      ['2.1.2026', '13.11.2026 08:15', ''],
      ['3/14/26, 9:05 PM', '12/1/26', 'NA'],
      ['Jan 1 2000', 'March 14, 2026', 'Sept 3 2026'],
      ['14-Mar-2026', '1 January 2000', '02-may-26'],
      ['Mon, 05 Jan 2026 08:00:00 GMT', '05/Jan/2026:08:00:00 +0000', '20260105T080000Z'],
      ['Mon Jan 05 08:00:00 UTC 2026', 'Tue Jan 06 08:00:00 2026', 'NA'],
    ]) {
      expect(infer(column('due', ...dates)).leftOut).toEqual({ due: why })
    }
    expect(infer(column('order', '{"shop":"a"}', '{"shop":"b"}')).leftOut.order).toMatch(/^JSON as text; a path may/)
    expect(infer(column('version', '1.12.26', '2.0.3', '10.1.4')).kinds).toEqual(['$.version categorical'])
    expect(infer(column('month', 'March 2026', 'April 2026')).kinds).toEqual(['$.month categorical'])
  })
})
