import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { configSchema } from '@outflow/contracts'
import { makeTerminal } from '@outflow/terminal'
import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'
import { readInput } from './train.js'

it('prints no warning about severities, which the scores of files do not have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [input, output] = [join(folder, 'in.csv'), join(folder, 'model')]
  const rows = Array.from({ length: 400 }, (_, row) => 'abc'[(row * row) % 3])
  await writeFile(input, ['kind', ...rows].join('\n'))
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'train', '--input', input, '--output', output])).toBe(0)
  const printed = stderr.mock.calls.join('')
  vi.restoreAllMocks()
  expect(printed).toContain('smallest counted p-value 0.0083')
  expect(printed).not.toContain('warning')
})

it('warns that the first line of a CSV file without a header names the columns', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const input = join(folder, 'in.csv')
  const read = async (header: string) => {
    await writeFile(
      input,
      [header, ...Array.from({ length: 50 }, (_, row) => `${(row * 37) % 50},a${row % 3}`)].join('\n'),
    )
    return readInput({ input }, { features: null, training }, terminal, new AbortController().signal)
  }
  expect((await read('5.1,setosa')).headerWarning).toContain('5.1 is a number')
  expect((await read('length,kind')).headerWarning).toBeNull()
})

it.each(['SIGTERM', 'SIGHUP'] as const)(
  '%s ends it while it waits for stdin, and no partial model is left (SIGHUP left one)',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const silent = new Readable({ read: () => void process.emit(name, name) })
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(silent as typeof process.stdin)
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await main(['node', 'outflow', 'train', '--input', '-', '--output', join(folder, 'model')])).toBe(1)
    expect(stderr.mock.calls.join('')).toBe(`outflow: ended by ${name}\n`)
    expect(await readdir(folder)).toEqual([])
  },
)

type Features = Parameters<typeof readInput>[1]['features']
const training = configSchema.shape.training.parse({ maxRows: 400 })
const terminal = { ...makeTerminal(process), progress: () => ({ update: () => {}, stop: () => {} }) }

it('windows of a sampled file count every row (with inferred features they counted the sample)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const input = join(folder, 'load.csv')
  const rows = Array.from({ length: 2_000 }, (_, row) => `${new Date(row * 600_000).toISOString()},${(row * 37) % 101}`)
  await writeFile(input, ['at,load', ...rows].join('\n'))
  const read = (features: Features, from = input) =>
    readInput({ input: from }, { features, training }, terminal, new AbortController().signal)
  const inferred = await read(null)
  expect(inferred).toMatchObject({ rows: 2_000, leftOut: [{ path: '$.at' }] })
  expect(inferred.features.map(({ type }) => type)).toEqual(['numeric', 'window', 'window'])
  expect(inferred.records).toEqual((await read(inferred.features)).records)

  const stdin = createReadStream(input)
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as unknown as typeof process.stdin)
  onTestFinished(() => void vi.restoreAllMocks())
  await expect(read(null, '-')).rejects.toThrow('outflow init')
})
