import { describe, expect, it } from 'vitest'
import { readRecords } from './read-records.js'
import type { FileRecord, Format } from './record-file.js'

/** Reads a text that arrives in chunks of `chunk` bytes. */
async function read(format: Format, text: string | Buffer, chunk = 7): Promise<readonly FileRecord[]> {
  const whole = Buffer.from(text)
  async function* bytes() {
    for (let start = 0; start < whole.length; start += chunk) yield whole.subarray(start, start + chunk)
  }
  const records: FileRecord[] = []
  for await (const batch of readRecords({ name: 'in', format, bytes: bytes() })) records.push(...batch)
  return records
}

describe('CSV', () => {
  it('yields each record with its line, with quoted line ends, blank lines and a byte order mark', async () => {
    expect(await read('csv', '\uFEFFa,b\n1,"x\ny"\n\n3,é\n')).toEqual([
      { line: 3, record: { a: '1', b: 'x\ny' } },
      { line: 5, record: { a: '3', b: 'é' } },
    ])
  })

  it.each([1, 2, 3, 100])('reads lines that end differently, in chunks of %d bytes', async (chunk) => {
    expect(await read('csv', 'a,b\r\n1,2\n3,4\r\n5,6\r7,8', chunk)).toEqual([
      { line: 2, record: { a: '1', b: '2' } },
      { line: 3, record: { a: '3', b: '4' } },
      { line: 4, record: { a: '5', b: '6' } },
      { line: 5, record: { a: '7', b: '8' } },
    ])
  })

  it('reads a dotted column as a nested field', async () => {
    expect(await read('csv', 'route.origin,route.miles,delay\nLAX,12,3\n')).toEqual([
      { line: 2, record: { route: { origin: 'LAX', miles: '12' }, delay: '3' } },
    ])
  })

  it.each([
    ['a,a,a (2),a', ['a', 'a (3)', 'a (2)', 'a (4)']],
    ['a,, ,column 2', ['a', 'column 2 (2)', 'column 3', 'column 2']],
    [' a , b,c ,a', ['a', 'b', 'c', 'a (2)']],
  ])('issue 21: names the columns %j by number and position where names repeat or are empty', async (header, names) => {
    const [row] = await read('csv', `${header}\n1,2,3,4\n`)
    expect(row!.record).toEqual(Object.fromEntries(names.map((name, index) => [name, String(index + 1)])))
  })

  it('reads a header of 10,000 equal names, and one of as many nested names, in linear time', async () => {
    const names = (nameOf: (index: number) => string) => Array.from({ length: 10_000 }, (_, index) => nameOf(index))
    const row = names(String).join(',')
    const [equal] = await read('csv', `${names(() => 'a').join(',')}\n${row}\n`, 1e6)
    expect(Object.keys(equal!.record).at(-1)).toBe('a (10000)')
    const [nested] = await read('csv', `${names((index) => `a.b${index}`).join(',')}\n${row}\n`, 1e6)
    expect(Object.keys(nested!.record.a as object)).toHaveLength(10_000)
  })

  it("takes the delimiter of Excel's first line sep=; (it was the header)", async () => {
    expect(await read('csv', '\uFEFFsep=;\r\na;b\r\n1;2,5\r\n')).toEqual([{ line: 3, record: { a: '1', b: '2,5' } }])
  })

  it.each([';', '\t', '|'])('takes %j between the columns of the header as the delimiter', async (delimiter) => {
    const text = ['shop', '"note, long"'].join(delimiter)
    expect(await read('csv', `${text}\n1${delimiter}2,5\n`)).toEqual([
      { line: 2, record: { shop: '1', 'note, long': '2,5' } },
    ])
  })

  it('refuses a file that is not text, such as an archive', async () => {
    const problem = 'in: it is not text in UTF-8; convert it to CSV, or to one JSON record per line'
    await expect(read('csv', 'PK\u0003\u0004\0\0')).rejects.toThrow(problem)
  })

  it.each([1, 7, 100])(
    'reads UTF-16 with a byte order mark, in chunks of %d bytes (big-endian was refused)',
    async (chunk) => {
      const text = Buffer.from('\uFEFFa;b\n1;é\n', 'utf16le')
      const expected = [{ line: 2, record: { a: '1', b: 'é' } }]
      expect(await read('csv', text, chunk)).toEqual(expected)
      expect(await read('csv', text.swap16(), chunk)).toEqual(expected)
    },
  )

  it.each([3, 7, 100])('names the line of a text that is not UTF-8, in chunks of %d bytes', async (chunk) => {
    const text = Buffer.concat([Buffer.from('ort,n\nKöln,1\n'), Buffer.from('Köln,2\n', 'latin1')])
    await expect(read('csv', text, chunk)).rejects.toThrow('in, line 3: the text is not UTF-8')
  })

  it('names the line of a text that ends within a character', async () => {
    const text = Buffer.from('ort,n\nJena,1\nKöln,é').subarray(0, -1)
    await expect(read('csv', text)).rejects.toThrow('in, line 3: the text is not UTF-8')
  })

  it.each([
    ['a,b\n1,2\n3\n', "in, line 3: 1 values for the header's 2 columns; b is missing"],
    [
      'a,b\n1,2,3\n',
      "in, line 2: 3 values for the header's 2 columns; name each column in the first line, and quote values that contain the delimiter",
    ],
    ['a,b\n1,"2\n', 'in, line 2: a quoted value is not closed'],
    ['a,b\n1,"2\n3,4\n5,6\n', 'in, line 2: a quoted value is not closed'],
    ['a,b\n"1\n2","3\n4,5', 'in, line 2: a quoted value is not closed'],
    ['a,b\n5" pipe,2\n', 'in, line 2: a quote in a value, or after a blank; write it as "5"" pipe"'],
    ['a, "b"\n1, "2"\n', 'in, line 1: a quote in a value, or after a blank; write it as "5"" pipe"'],
    ['a,b\n1,"5" pipe\n', 'in, line 2: a quote in a value, or after a blank; write it as "5"" pipe"'],
    ['a,b\r\n1,"2\r\n3,4\r\n5,6\r\n', 'in, line 2: a quoted value is not closed'],
  ])('says where %j is broken', async (text, message) => {
    await expect(read('csv', text)).rejects.toThrow(message)
  })
})

describe('NDJSON', () => {
  it('yields each object with its line, with blank lines and characters split between chunks', async () => {
    expect(await read('ndjson', '{"a":"é"}\r\n\n{"a":null}', 1)).toEqual([
      { line: 1, record: { a: 'é' } },
      { line: 3, record: { a: null } },
    ])
  })

  it('yields all records in order, over several batches', async () => {
    const lines = Array.from({ length: 2500 }, (_, index) => `{"n":${index}}`)
    const records = await read('ndjson', lines.join('\n'), 1000)
    expect(records.map(({ record }) => record.n)).toEqual(lines.map((_, index) => index))
  })

  it.each([
    ['{"a":1}\n{"a":\n', /^in, line 2: not JSON: /],
    [
      '{\n  "a":1\n}\n',
      /^in, line 1: not JSON: .*; expected one record per line, as `jq -c .` writes it; name a CSV file .csv$/,
    ],
    ['{"a":1}\n[1,2]\n', /^in, line 2: a record is a JSON object; found an array$/],
  ])('says where %j is broken', async (text, message) => {
    await expect(read('ndjson', text)).rejects.toThrow(message)
  })
})
