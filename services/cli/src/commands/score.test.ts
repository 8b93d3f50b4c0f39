import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

it('warns that no record has an optional field of the model (it scored the records of another file without a warning)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-score-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [past, today, model] = ['past.ndjson', 'today.ndjson', 'model'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const kinds = Array.from({ length: 400 }, (_, row) => ({ kind: 'abc'[(row * row) % 3], size: 'sl'[row % 2] }))
  await writeFile(
    past,
    kinds.map(({ kind, size }, row) => `${JSON.stringify(row % 5 === 0 ? { kind } : { kind, size })}\n`),
  )
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  expect(await main(['node', 'outflow', 'train', '--input', past, '--output', model])).toBe(0)
  const score = async (records: readonly object[]) => {
    stderr.mockClear()
    await writeFile(
      today,
      records.map((record) => `${JSON.stringify(record)}\n`),
    )
    const output = join(folder, 'scores.csv')
    expect(await main(['node', 'outflow', 'score', '--model', model, '--input', today, '--output', output])).toBe(0)
    return stderr.mock.calls.join('')
  }
  expect(await score([{ kind: 'a' }, { kind: 'b', length: 's' }])).toContain(
    'warning: no record has size, which the model uses; scored as missing\n',
  )
  expect(await score([{ kind: 'a' }, { kind: 'b', size: 's' }])).not.toContain('no record has')
})
