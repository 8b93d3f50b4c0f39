import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openInput } from './open-input.js'

async function open(name: string, text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'open-input-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, text)
  return openInput(path, new AbortController().signal)
}

it('a CSV with a bracket in its first header is refused with what to do (it was only called a JSON array)', async () => {
  await expect(open('orders.txt', '[order id],[amount]\n1,2\n')).rejects.toThrow('; name a CSV file .csv')
})

it('JSON records under the name of a CSV file are refused with what to do (a quote inside a value was reported)', async () => {
  const problem = 'orders.csv, line 1: a JSON record in a file that is named as CSV; name it .ndjson'
  await expect(open('orders.csv', '\uFEFF{"id":1}\n')).rejects.toThrow(problem)
  expect((await open('orders.csv', '{id},amount\n1,2\n')).format).toBe('csv')
})
