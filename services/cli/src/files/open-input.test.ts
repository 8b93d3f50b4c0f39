import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openInput } from './open-input.js'

it('a CSV with a bracket in its first header is refused with what to do (it was only called a JSON array)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'open-input-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'orders.txt')
  await writeFile(path, '[order id],[amount]\n1,2\n')
  await expect(openInput(path, new AbortController().signal)).rejects.toThrow('; name a CSV file .csv')
})
