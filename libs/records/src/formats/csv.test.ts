import { expect, test } from 'vitest'
import { csvDecoder } from './csv.js'

const decode = (text: string, settings: Parameters<typeof csvDecoder>[0] = { delimiter: ',' }) =>
  csvDecoder(settings)(Buffer.from(text))

test('values are fields by position, or by column name, with dotted names nested', () => {
  expect(decode('LAX,3.5,\n')).toEqual({ record: { 0: 'LAX', 1: '3.5', 2: '' } })
  expect(
    decode('LAX;JFK;3,5\r\n', { delimiter: ';', columns: ['route.origin', 'route.destination', 'delay'] }),
  ).toEqual({
    record: { route: { origin: 'LAX', destination: 'JFK' }, delay: '3,5' },
  })
})

test.each([
  ['a blank line', '\n'],
  ['several lines', '1,2\n3,4\n'],
  ['several lines with quotes', '"1",2\n3,4\n'],
  ['a quote that is never closed', '1,"2'],
  ['a quote inside a value', '1,2"3'],
  ['too few values', '1'],
  ['too many values', '1,2,3'],
])('%s is undecodable', (_, text) => {
  expect(decode(text, { delimiter: ',', columns: ['a', 'b'] })).toMatchObject({
    reason: 'undecodable',
    detail: expect.stringMatching(/^.{5,250}$/),
  })
})

test('bytes that are not UTF-8 are undecodable', () => {
  expect(csvDecoder({ delimiter: ',' })(Buffer.from([0x31, 0x2c, 0xff]))).toMatchObject({ reason: 'undecodable' })
})

test('issue 17: a line with a NUL byte is undecodable, although csv-parse skips one after a quote', () => {
  for (const text of ['a\0,b', '"a"\0,b', '"a\0",b']) {
    expect(decode(text)).toMatchObject({ reason: 'undecodable', detail: expect.stringMatching(/NUL/) })
  }
})

test('issue 17.15: at most two lines of a message are parsed', () => {
  expect(decode('"1"\n"2"\n"3')).toMatchObject({ detail: expect.stringMatching(/found several/) })
})

test('a message of more than 50,000 values is undecodable', () => {
  expect(decode(','.repeat(50_000))).toMatchObject({ detail: 'a message has at most 50000 values' })
})
