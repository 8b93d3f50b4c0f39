import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireDistinctFiles } from './distinct-files.js'

let folder: string
let data: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-distinct-'))
  data = join(folder, 'data.csv')
  await writeFile(data, 'a\n1\n')
})
afterEach(() => rm(folder, { recursive: true }))

/** Checks a command with these options. */
function check(options: Readonly<Record<string, string>>, name = 'score') {
  const command = new Command(name)
  for (const [option, value] of Object.entries(options)) command.setOptionValue(option, value)
  return requireDistinctFiles(command)
}

describe('an output that would replace a file that is read', () => {
  it.each(['input', 'model', 'config'])('is refused: that of --%s', async (option) => {
    await expect(check({ [option]: data, output: data })).rejects.toThrow(
      `--output ${data} is the file of --${option}, and would replace it; name another file`,
    )
  })

  it('is refused under another path of the same file', async () => {
    const link = join(folder, 'link.csv')
    await symlink(data, link)
    for (const output of [`${folder}/./data.csv`, link])
      await expect(check({ input: data, output })).rejects.toThrow('is the file of --input')
    await expect(check({ input: link, output: data })).rejects.toThrow('is the file of --input')
  })

  it('differs from a new file, a pipe, and the configuration that init replaces', async () => {
    await check({ input: data, output: join(folder, 'new.csv') })
    await check({ input: '-', output: '-' })
    await check({ input: '/dev/null', output: '/dev/null' })
    await check({ config: data, output: data }, 'init')
  })
})
