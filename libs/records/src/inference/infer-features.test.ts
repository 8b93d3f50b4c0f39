import { featureName, featurePath, nameOfPath } from '@outflow/contracts/feature'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeFeatureInference } from './infer-features.js'
import { column, infer } from './test-builders.js'

const NEW_YEAR_MS = Date.UTC(2026, 0, 1)

afterEach(() => void vi.restoreAllMocks())

describe('feature inference', () => {
  it('warns of a code for missing numbers (it hid wrong values between the code and the numbers)', () => {
    const rows = Array.from({ length: 60 }, (_, at) => ({
      temp: at % 5 === 0 ? -999 : (at * 37) % 41,
      rows: (at * 7) % 13,
    }))
    expect(infer(rows).warnings).toEqual([
      { path: '$.temp', text: expect.stringContaining('−999 is far from all others') },
    ])
  })

  it('leaves out fields that hardly any record has (a map by product had thousands, and a fit of them did not end)', () => {
    const orders = Array.from({ length: 1_000 }, (_, at) => ({
      amount: (at * 37) % 101,
      quantities: { [`sku${at % 300}`]: at % 300 },
      ...(at % 100 === 0 && { fee: at % 9 }),
    }))
    const { kinds, leftOut } = infer(orders)
    expect(kinds).toEqual(['$.amount numeric', '$.fee numeric'])
    expect(leftOut['quantities.sku7']).toBe('has a value in fewer than one of 200 records, like a key that is an id')
  })

  it('infers numeric for numbers, including those written as text and those with few distinct values', () => {
    expect(infer(column('delay', 3, 5.5, -1)).kinds).toEqual(['$.delay numeric'])
    expect(infer(column('delay', '3', '5.5', '', '-1e3')).kinds).toEqual(['$.delay numeric'])
    expect(infer(column('class', 0, 1)).kinds).toEqual(['$.class numeric'])
  })

  it('infers a log scale for numbers over a decade of which most are small', () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      money: 10 ** ((index * 37) % 6),
      evenly: (index * 37) % 101,
    }))
    expect(infer(rows).features).toEqual([
      { path: '$.money', optional: false, type: 'numeric', scale: 'log' },
      { path: '$.evenly', optional: false, type: 'numeric' },
    ])
  })

  it('infers categorical for texts with few values, and boolean for booleans (a sample had them as texts)', () => {
    expect(infer(column('origin', 'LAX', 'JFK')).kinds).toEqual(['$.origin categorical'])
    expect(infer(column('late', true, false)).kinds).toEqual(['$.late boolean'])
    expect(infer(column('answer', 'true', 'false', 'maybe')).kinds).toEqual(['$.answer categorical'])
    expect(infer(column('zip', '90210', 'K1A 0B1', 'SW1A')).kinds).toEqual(['$.zip categorical'])
  })

  it('infers categorical for digits with leading zeros, as in a postal code (00501 was the number 501)', () => {
    const zips = ['00501', '10001', '94110', '']
    expect(infer(column('zip', ...zips)).kinds).toEqual(['$.zip categorical'])
    const ids = Array.from({ length: 3_000 }, (_, index) => ({ id: String(index).padStart(8, '0') }))
    expect(infer(ids).leftOut).toEqual({ id: 'text with 3,000 values in 3,000 rows' })
    // Of 120 families one is `136A`, and one `1,5`: codes, not numbers with a unit or a comma.
    const families = Array.from({ length: 600 }, (_, at) => ({
      family: at === 9 ? '136A' : `${at % 120}`.padStart(3, '0'),
    }))
    expect(infer(families).kinds).toEqual(['$.family categorical'])
    expect(infer([...families, { family: '1,5' }]).kinds).toEqual(['$.family categorical'])
    const mostlyNumbers = Array.from({ length: 300 }, (_, index) => ({ n: index === 7 ? '007' : String(index % 50) }))
    expect(infer(mostlyNumbers).kinds).toEqual(['$.n numeric'])
  })

  it('warns of row numbers and ids in any order (new records of a shuffled table were anomalies)', () => {
    const shuffled = (rows: number, step: number) =>
      Array.from({ length: rows }, (_, at) => ({ row: 1 + ((at * step) % rows), age: 20 + ((at * 29) % 23) }))
    const warning = { path: '$.row', text: expect.stringMatching(/^no value repeats/) }
    for (const rows of [40, 1_000, 10_000]) expect(infer(shuffled(rows, 4_999)).warnings).toEqual([warning])
    // Three of four rows, as a training set has.
    expect(infer(shuffled(1_000, 7_919).slice(0, 750)).warnings).toEqual([warning])
    // Amounts may all differ, but not within such a narrow range.
    expect(infer(Array.from({ length: 1_000 }, (_, at) => ({ amount: (at * 7_919) % 20_011 }))).warnings).toEqual([])
    expect(infer([...shuffled(1_000, 7_919), { row: 7, age: 30 }]).warnings).toEqual([])
  })

  it('warns of numbers that differ only as texts (version 1.10 was version 1.1)', () => {
    const warning = { path: '$.version', text: expect.stringMatching(/^1\.10 and 1\.1 are the same number/) }
    expect(infer(column('version', '1.1', '1.9', '1.10')).warnings).toEqual([warning])
    expect(infer(column('price', '1.10', '2.00', '10.25')).warnings).toEqual([])
  })

  it('infers categorical for ids beyond 2⁵³, of which a number loses digits (thirty accounts were one number)', () => {
    const accounts = Array.from({ length: 300 }, (_, index) => ({ id: `${2n ** 64n - 1n - BigInt(index % 30)}` }))
    expect(infer(accounts).kinds).toEqual(['$.id categorical'])
    const orders = Array.from({ length: 300 }, (_, index) => ({ id: `${2n ** 64n - 1n - BigInt((index * 37) % 300)}` }))
    expect(infer(orders).leftOut).toEqual({ id: 'text with 300 values in 300 rows' })
    expect(infer(column('wei', '1500000000000000000', '20000000000000000', '7')).kinds).toEqual(['$.wei numeric'])
  })

  it('takes ids of 64 bits in the range of epoch nanoseconds as times only if none is in the future (snowflakes were times of 2032)', () => {
    const snowflakes = Array.from({ length: 300 }, (_, index) => `${(473_000_000_000n + BigInt(index * 50)) << 22n}`)
    vi.spyOn(Date, 'now').mockReturnValue(NEW_YEAR_MS)
    const users = snowflakes.map((id) => ({ user: `${BigInt(id) + 4_097n}` }))
    expect(infer(users).leftOut).toEqual({ user: 'text with 300 values in 300 rows' })
    expect(infer(snowflakes.map((id) => ({ id }))).leftOut.id).toMatch(/^rises/)
  })

  it('infers boolean for true and false as text (the model of a CSV file had never seen the booleans of JSON)', () => {
    expect(infer(column('late', 'True', 'False', '')).kinds).toEqual(['$.late boolean'])
    expect(infer(column('late', 'TRUE', 'FALSE')).kinds).toEqual(['$.late boolean'])
  })

  it('infers cyclic over the day for ISO 8601 times, and over the week for dates without a time', () => {
    expect(infer(column('at', '2001-01-10T18:20:00.000Z', '2001-01-10 07:00', '2001/01/11 09:30')).kinds).toEqual([
      '$.at cyclic day',
    ])
    expect(infer(column('on', '2001-01-10', '2001-01-11T00:00:00Z')).kinds).toEqual(['$.on cyclic week'])
  })

  it('infers cyclic over the year for dates that span two years or more', () => {
    expect(infer(column('on', '2001-01-10', '2003-01-10')).kinds).toEqual(['$.on cyclic year'])
    expect(infer(column('on', '2001-01-10', '2002-12-10')).kinds).toEqual(['$.on cyclic week'])
  })

  it('leaves out constants, empty fields, lists, ids and row counters, with the reason', () => {
    const records = Array.from({ length: 40 }, (_, index) => ({
      row: index,
      id: `flight-${index}`,
      carrier: 'AA',
      note: index % 2 ? null : '',
      legs: [1, 2],
      delay: (index * 7) % 11,
    }))
    expect(infer(records)).toMatchObject({
      kinds: ['$.delay numeric'],
      leftOut: {
        row: 'rises from record to record, as a counter, a time or an id: new records would all be outside the range seen (unless the records are sorted by it)',
        id: 'text with 40 values in 40 rows',
        carrier: 'always AA',
        note: 'always empty',
        legs: 'a list or an empty object; a path may name a value of a list, as $.FIELD[0], or its length, as $.FIELD.length',
      },
    })
  })

  it('makes the fields of an object that is null in some records optional, and does not list the object', () => {
    const records = Array.from({ length: 40 }, (_, index) => ({
      customer: index % 4 === 0 ? null : { country: index % 2 ? 'DE' : 'FR' },
    }))
    const { features, leftOut } = infer(records)
    expect(features).toEqual([{ path: '$.customer.country', optional: true, type: 'categorical' }])
    expect(leftOut).toEqual({})
  })

  it('leaves out a field that is an object in some records, but not its fields (train ended at the first of the objects)', () => {
    const records = Array.from({ length: 40 }, (_, index) => ({
      error: index % 4 === 0 ? { code: index % 3 } : ['timeout', 'refused'][index % 2],
      one: index === 7 ? { wrong: 1 } : ['a', 'b'][index % 2],
    }))
    const { kinds, leftOut } = infer(records)
    expect(kinds).toEqual(['$.error.code numeric', '$.one categorical'])
    expect(leftOut.error).toBe('partly a list or an object')
  })

  it('issue 17.3: leaves out numbers that only rise or fall, apart from a few out of order', () => {
    const { leftOut, kinds } = infer(
      Array.from({ length: 200 }, (_, index) => ({
        offset: 1_000 + 3 * index,
        fuel: 5e6 - index * index,
        overtaking: 100 * index + (index % 30 === 0 ? 120 : 0),
        sawtooth: index % 40,
        noise: ((index * 37) % 41) / 10,
      })),
    )
    expect(leftOut.offset).toMatch(/^rises/)
    expect(leftOut.fuel).toMatch(/^falls/)
    expect(leftOut.overtaking).toMatch(/^rises/)
    expect(kinds).toEqual(['$.sawtooth numeric', '$.noise numeric'])
  })

  it('leaves out times that advance for less than a day (nine of ten later records were anomalies)', () => {
    const from = Date.UTC(2026, 0, 1, 9)
    const records = (stepMs: number) =>
      Array.from({ length: 200 }, (_, index) => ({
        at: from + stepMs * index,
        on: new Date(from + stepMs * index).toISOString().slice(0, 10),
        born: from - 3_600_000 * ((index * 37) % 41),
        level: (index * 37) % 41,
      }))
    const hour = infer(records(18_000))
    expect(hour.leftOut.at).toMatch(/^times that advance from record to record /)
    expect(hour.kinds).toEqual(['$.born cyclic day', '$.level numeric'])
    const twoDays = infer(records(900_000))
    expect(twoDays.leftOut.on).toMatch(/^times that advance from record to record /)
    expect(twoDays.kinds).toEqual(['$.at cyclic day', '$.born cyclic day', '$.level numeric'])
    expect(infer(records(3_600_000)).kinds).toContain('$.on cyclic week')
  })

  it('leaves out values that change for good every few records, such as dates in words and lots', () => {
    const { leftOut, kinds } = infer(
      Array.from({ length: 600 }, (_, index) => ({
        lot: 1_000 + Math.floor(index / 20),
        batch: `L${Math.floor(index / 20)}`,
        day: `${1 + Math.floor(index / 20)}.10.2026`,
        shop: `shop ${(index * 37) % 30}`,
        stage: Math.floor(index / 200),
        // It was a quantity until there were 20 days.
        date: 20260130 + Math.floor(index / 300) * 71,
      })),
    )
    expect(leftOut.lot).toMatch(/^rises/)
    expect(leftOut.date).toMatch(/^rises/)
    expect(leftOut.batch).toMatch(/^never returns/)
    expect(leftOut.day).toMatch(/^dates in a form that is read as text/)
    expect(kinds).toEqual(['$.shop categorical', '$.stage numeric'])
  })

  it('takes NA and blanks among numbers or times as missing, and among words as a category', () => {
    const { kinds } = infer(
      Array.from({ length: 60 }, (_, index) => ({
        size: index % 4 === 0 ? 'NA' : String((index * 37) % 41),
        weight: index % 4 === 0 ? ' ' : String((index * 37) % 41),
        sold: index % 4 === 0 ? 'NA' : `2026-01-01 ${10 + ((index * 7) % 13)}:00`,
        damage: index % 2 === 0 ? 'None' : 'some',
        none: index % 2 === 0 ? 'None' : 'NA',
      })),
    )
    expect(kinds).toEqual([
      '$.size numeric',
      '$.weight numeric',
      '$.sold cyclic day',
      '$.damage categorical',
      '$.none categorical',
    ])
  })

  it('infers from the items of lists only where they are columns of CSV (a column x[0] was left out as a list)', () => {
    const records = column('x', ['1', 'a'], ['2', 'b'], ['4', 'a'])
    const inference = makeFeatureInference({ withLists: true })
    for (const record of records) inference.observe(record)
    expect(inference.conclude([]).features.map(featurePath)).toEqual(['$.x[0]', '$.x[1]'])
    expect(infer(records).leftOut).toEqual({
      x: 'a list or an empty object; a path may name a value of a list, as $.FIELD[0], or its length, as $.FIELD.length',
    })
  })

  it('remembers long texts by their hashes, and finds fields of long names without their paths (50,000 of each took 1 GB and 26 s)', () => {
    const [name, text] = ['n'.repeat(50_000), 'x'.repeat(50_000)]
    expect(infer(column(name, 1, 2)).features).toMatchObject([{ path: `$.${name}` }])
    expect(infer(column('text', `${text}1`, `${text}2`)).kinds).toEqual(['$.text categorical'])
    expect(infer(column('text', text)).leftOut.text).toMatch(/^always x{100}…sha256:[0-9a-f]{64}$/)
  })

  it('issue 17.3: leaves out numbers that rise within each partition', () => {
    const inference = makeFeatureInference()
    for (const partition of [0, 1, 2]) {
      inference.beginPartition()
      for (let index = partition; index < 90; index += 3)
        inference.observe({ sent: 1_500 * index, load: (index * 37) % 41 })
    }
    const { features, leftOut } = inference.conclude([])
    expect(leftOut).toMatchObject([{ path: '$.sent', why: expect.stringMatching(/^rises/) }])
    expect(features).toMatchObject([{ path: '$.load' }])
  })

  it('keeps a field whose values return in their partition (machines that send batches were left out of a keyed topic)', () => {
    const inference = makeFeatureInference()
    for (const partition of [0, 1, 2, 3, 4, 5]) {
      inference.beginPartition()
      for (let index = 0; index < 100; index += 1)
        inference.observe({ machine: `${partition}-${Math.floor(index / 5) % 4}`, load: (index * 37) % 41 })
    }
    expect(inference.conclude([]).features.map(featurePath)).toEqual(['$.machine', '$.load'])
  })

  it.each([
    ['seconds', 1],
    ['milliseconds', 1e3],
    ['microseconds', 1e6],
    ['nanoseconds', 1e9],
  ])('issue 17.3: takes epoch %s as a time', (_, factor) => {
    const from = Date.UTC(2026, 0, 1) / 1e3
    const { kinds } = infer(Array.from({ length: 50 }, (_, index) => ({ ts: (from + 1_800 * index) * factor })))
    expect(kinds).toEqual(['$.ts cyclic day'])
  })

  it('takes numbers of which some are epochs in more than 20 years as numbers (sizes of 1 to 4 GB and IPv4 addresses were times)', () => {
    vi.spyOn(Date, 'now').mockReturnValue(NEW_YEAR_MS)
    const records = Array.from({ length: 300 }, (_, index) => ({
      memory: 1.2e9 + ((index * 37) % 300) * 8e6,
      ip: 3_232_235_520 + ((index * 37) % 256),
      disk: (1 + (index % 4)) * 1e9,
      expires: NEW_YEAR_MS / 1e3 + ((index * 37) % 300) * 1e6,
    }))
    expect(infer(records).kinds).toEqual(['$.memory numeric', '$.ip numeric', '$.disk numeric', '$.expires cyclic day'])
  })

  it('names a field by its path if an earlier one has its name (init wrote a configuration with one name twice)', () => {
    const { features } = infer(column('x', 3, 8, 1).map(({ x }, index) => ({ 'a.b': x, a: { b: (index * 7) % 11 } })))
    expect(features.map(featureName)).toEqual(['a.b', '$.a.b'])
  })

  it('takes a field of ISO 8601 and of epoch times, as two producers of a topic write them, as a time', () => {
    const from = Date.UTC(2026, 0, 1)
    const timeOf = (index: number): number | string => {
      const ms = from + 1_800_000 * index
      return index % 3 === 0 ? new Date(ms).toISOString() : ms
    }
    expect(infer(Array.from({ length: 50 }, (_, index) => ({ at: timeOf(index) }))).kinds).toEqual(['$.at cyclic day'])
  })

  it('infers numeric, or cyclic, in spite of a few other values, so that reading reports their line', () => {
    const records = Array.from({ length: 50 }, (_, index) => {
      const ms = Date.UTC(2026, 0, 1) + 86_400_000 * ((index * 7) % 50)
      const isBad = index === 20
      return {
        delay: isBad ? 'late' : (index * 3) % 17,
        on: isBad ? '2026-02-30' : new Date(ms).toISOString(),
        at: isBad ? 'soon' : ms + 1,
        bytes: isBad ? 7 : 1e9 + ms / 1e5,
      }
    })
    expect(infer(records).kinds).toEqual(['$.delay numeric', '$.on cyclic week', '$.at cyclic day', '$.bytes numeric'])
  })

  it('counts every value of ids of which some are numbers (beyond 1,000 values, numbers were not counted)', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => ({ id: index % 5 < 3 ? `${index}` : `A${index}` }))
    expect(infer(ids).leftOut).toEqual({ id: 'text with 10,000 values in 10,000 rows' })
  })

  it('finds nested fields, and marks fields that some records lack as optional', () => {
    const { features } = infer([
      ...column('route', { origin: 'LAX', miles: 100 }, { origin: 'JFK', miles: 300 }, { origin: 'JFK' }),
    ])
    expect(features).toMatchObject([
      { path: '$.route.origin', type: 'categorical', optional: false },
      { path: '$.route.miles', type: 'numeric', optional: true },
    ])
  })

  it('counts null as a missing value, not as an absent field', () => {
    expect(infer(column('delay', 3, null, 8)).features).toMatchObject([{ path: '$.delay', optional: false }])
  })

  it('issue 17.4: lists every field, with any key, as a feature or as left out', () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.array(fc.integer()))
    const records = fc.array(
      fc.dictionary(fc.constantFrom('a', 'b', 'c d', 'metrics.cpu', 'Duration..in.seconds.', 'x[1]'), value),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(records, (sample) => {
        const { features, leftOut } = infer(sample)
        const found = [...features.map((feature) => nameOfPath(featurePath(feature))), ...Object.keys(leftOut)]
        const fields = new Set(sample.flatMap((record) => Object.keys(record)))
        expect(found.toSorted()).toEqual([...fields].toSorted())
      }),
    )
  })
})
