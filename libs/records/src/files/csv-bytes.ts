import { InputInvalid } from './errors.js'

/** The first of those with the same number of occurrences in the header is taken. */
const DELIMITERS = [',', ';', '\t', '|']
const UTF_16_MARKS = [
  { mark: Buffer.of(0xff, 0xfe), encoding: 'utf-16le' },
  { mark: Buffer.of(0xfe, 0xff), encoding: 'utf-16be' },
] as const
const LINE_END = 0x0a
/** A longer header is cut. */
const MOST_HEAD_BYTES = 64 * 1024

/**
 * Returns the text of a CSV file in UTF-8, its delimiter, and the line of the header. The delimiter is the one that occurs most in the
 * header, or that of a line `sep=;` of Excel above the header. The bytes have to be UTF-8, or UTF-16 with a byte order mark.
 *
 * @throws {InputInvalid} if the file is not text; the bytes throw it with the line that is not UTF-8
 */
export async function openCsv(name: string, bytes: AsyncIterable<Buffer>) {
  const iterator = bytes[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < MOST_HEAD_BYTES && !head.subarray(1).includes(LINE_END)) {
    const { done, value } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  async function* all() {
    yield head
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  const utf16 = UTF_16_MARKS.find(({ mark }) => head.subarray(0, 2).equals(mark))?.encoding
  if (utf16 === undefined && head.includes(0))
    throw new InputInvalid(name, null, 'it is not text in UTF-8; convert it to CSV, or to one JSON record per line')
  const text = new TextDecoder(utf16).decode(head)
  const [, stated] = /^sep=(.)[\r\n]/i.exec(text) ?? []
  return {
    delimiter: stated ?? delimiterOf(text),
    headerLine: stated === undefined ? 1 : 2,
    bytes: utf16 === undefined ? requireUtf8(name, all()) : toUtf8(utf16, all()),
  }
}

function delimiterOf(text: string): string {
  const [header] = text
    .replace(/^[\uFEFF\r\n]+/, '')
    .replaceAll(/"[^"]*"/g, '')
    .split(/[\r\n]/, 1)
  const counts = DELIMITERS.map((delimiter) => header!.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!
}

async function* toUtf8(encoding: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  // The last character may be incomplete.
  yield Buffer.from(decoder.decode())
}

async function* requireUtf8(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  const check = (part: Buffer, stream: boolean) => {
    try {
      decoder.decode(part, { stream })
    } catch (cause: unknown) {
      const problem = 'the text is not UTF-8; convert the file, for example with iconv -f latin1 -t utf-8'
      throw new InputInvalid(name, line, problem, cause)
    }
  }
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(LINE_END, from) + 1 || chunk.length
      check(chunk.subarray(from, end), true)
      if (chunk[end - 1] === LINE_END) line += 1
      from = end
    }
    yield chunk
  }
  // The last character may be incomplete.
  check(Buffer.alloc(0), false)
}
