import { createReadStream } from 'node:fs'
import { addAbortSignal, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { formatOfName, InputInvalid, type RecordFile, sniffFormat } from '@outflow/records'
import { FileUnavailable } from '../errors.js'

/**
 * Opens a file of records, or stdin for `-`. The format is that of the name, or is recognised by the first byte; gzip is recognised by
 * its first two bytes, independent of the name.
 *
 * @param signal  ends the reading, also while it waits for more bytes
 * @throws {FileUnavailable} when it cannot be read
 * @throws {InputInvalid} when it is empty, has a JSON array in place of one record per line, or JSON under the name of a CSV file
 */
export async function openInput(path: string, signal: AbortSignal): Promise<RecordFile> {
  const name = path === '-' ? 'stdin' : path
  const source = addAbortSignal(signal, path === '-' ? process.stdin : createReadStream(path))
  const raw = await peek(named(name, source))
  const plain = isGzip(raw.head) ? await peek(named(name, gunzip(raw.bytes))) : raw
  if (plain.head.length === 0)
    throw new InputInvalid(name, null, 'it is empty; expected a header line or one record per line')
  const known = formatOfName(path) ?? sniffFormat(plain.head)
  if (known === 'ndjson' && /^\s*\[/.test(plain.head.toString('utf8'))) {
    const instead = "one record per line, as `jq -c '.[]'` makes of an array; name a CSV file .csv"
    throw new InputInvalid(name, 1, `a JSON array; expected ${instead}`)
  }
  if (known === 'csv' && /^\uFEFF?\s*\{\s*"/.test(plain.head.toString('utf8')))
    throw new InputInvalid(name, 1, 'a JSON record in a file that is named as CSV; name it .ndjson')
  return { name, format: known, bytes: plain.bytes }
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b

function gunzip(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // Errors of both streams reach the reader of the last one, so that the callback has nothing to do.
  return pipeline(bytes, createGunzip(), () => {})
}

/** Reads until the first bytes determine the format. `bytes` yields them again, followed by the rest. */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 2 || head.toString('utf8').trim() === '') {
    const { value, done } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  return { head, bytes: headThenRest(head, iterator) }
}

async function* headThenRest(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Adds the name of the file to errors. */
async function* named(name: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source
  } catch (error: unknown) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (error instanceof InputInvalid || error instanceof FileUnavailable) throw error
    if (/^Z_/.test(code)) throw new InputInvalid(name, null, `the gzip data is damaged or ends early (${code})`, error)
    throw new FileUnavailable('read', name, error)
  }
}
