import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { main } from '../main.js'

it('counts windowed features among the features that it prints (they were left out)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-init-'))
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const [input, output] = [join(folder, 'load.ndjson'), join(folder, 'outflow.yaml')]
    await writeFile(input, Array.from({ length: 1_000 }, (_, index) => `${loadAt(index)}\n`).join(''))
    expect(await main(['node', 'outflow', 'init', '--input', input, '--output', output])).toBe(0)
    expect(write.mock.calls.join('')).toContain(
      'outflow.yaml: 3 features, 1 field left out, from the 1,000 records of ',
    )
  } finally {
    vi.restoreAllMocks()
    await rm(folder, { recursive: true })
  }
})

const loadAt = (index: number): string =>
  JSON.stringify({ at: new Date(Date.UTC(2026, 0, 1) + index * 300_000).toISOString(), load: (index * 37) % 91 })
