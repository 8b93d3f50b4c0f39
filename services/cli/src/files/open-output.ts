import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { FORMATS, type Format, formatOfName } from '@outflow/records'
import type { Terminal } from '@outflow/terminal'
import { Option } from 'commander'
import { type Options, stringify } from 'csv-stringify/sync'
import { FileUnavailable, UsageError } from '../errors.js'

export const formatOption = (otherwise: string): Option =>
  new Option(
    '-f, --format <format>',
    `for stdout and for names without .csv or .ndjson; default: ${otherwise}`,
  ).choices(FORMATS)

/** Destination of a command's result. */
export interface Output {
  /** Resolves when there is room for more: a slow disk or reader slows the work down, and memory does not grow. */
  write(bytes: Uint8Array | string): Promise<void>
}

/**
 * The format of an output: by its name, else `format`.
 *
 * @param otherwise  for a name without an extension, such as `-` or a pipe
 * @throws {UsageError} when the name has another extension, so that no file has a name that its content contradicts
 */
export function outputFormat(path: string, format: Format | undefined, otherwise: Format): Format {
  const known = formatOfName(path) ?? format
  if (known !== undefined) return known
  if (extname(path.replace(/\.gz$/i, '')) === '') return otherwise
  throw new UsageError(`${path} has no known extension; name it .csv or .ndjson, or give --format csv or ndjson`)
}

/** Opens a bar; null for rows that are printed on a terminal: they show the progress, and a bar would be drawn over them. */
export function outputProgress(path: string, terminal: Terminal, options: Parameters<Terminal['progress']>[0]) {
  return path === '-' && process.stdout.isTTY ? null : terminal.progress(options)
}

/**
 * Passes an open file, or stdout for `-`, to `use`; the content is compressed when the name ends in `.gz`.
 *
 * A file is written under a temporary name and renamed at the end: a run that fails leaves the earlier file unchanged, and
 * no partial result. A symbolic link stays, and its target is written. An output that is not a regular file (a pipe, /dev/null) is
 * written directly.
 *
 * @throws {FileUnavailable} when it cannot be written
 */
export async function withOutput<T>(path: string, use: (output: Output) => Promise<T>): Promise<T> {
  if (path === '-') return use(outputTo(process.stdout, 'stdout'))
  const target = await realpath(path).catch(() => path)
  const partial = (await isPlainOrAbsent(path)) ? `${target}.partial-${process.pid}` : path
  const file = createWriteStream(partial, { mode: OWNER_ONLY })
  const gzip = /\.gz$/i.test(path) ? createGzip() : null
  const done = gzip ? pipeline(gzip, file) : finished(file)
  // The next write throws the error; until then this prevents an unhandled rejection.
  done.catch(() => {})
  const sink: Writable = gzip ?? file
  await named(path, once(file, 'open'))
  try {
    const result = await use(outputTo(sink, path))
    sink.end()
    await named(path, done)
    if (partial !== path) await named(path, rename(partial, target))
    return result
  } catch (error: unknown) {
    sink.destroy()
    file.destroy()
    if (partial !== path) await rm(partial, { force: true })
    throw error
  }
}

/** Only the owner may read records, and models fitted to them. */
const OWNER_ONLY = 0o600

async function isPlainOrAbsent(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found === null || found.isFile()
}

function outputTo(stream: Writable, name: string): Output {
  return {
    write: async (bytes) => {
      // A stream that has failed emits no further event.
      if (stream.errored) throw new FileUnavailable('write', name, stream.errored)
      if (stream.write(bytes)) return
      await named(name, once(stream, 'drain'))
    },
  }
}

async function named<T>(path: string, act: Promise<T>): Promise<T> {
  try {
    return await act
  } catch (error: unknown) {
    throw new FileUnavailable('write', path, error)
  }
}

type WriteRows = (rows: readonly object[]) => Promise<void>

/** Writes rows with the same columns: as CSV, or as one JSON object per line. */
export function makeRowWriter(output: Output, format: Format, columns: readonly string[]): WriteRows {
  if (format === 'csv') return makeCsvWriter(output, columns)
  return (rows) => output.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** Writes rows, each an object or a list of cells, as CSV under one header line, which the first call writes, also without rows. */
export function makeCsvWriter(output: Output, columns: readonly string[], cast: Options['cast'] = {}): WriteRows {
  let header = true
  return async (rows) => {
    const text = stringify([...rows], { header, columns: [...columns], cast: { boolean: String, ...cast } })
    header = false
    await output.write(text)
  }
}
