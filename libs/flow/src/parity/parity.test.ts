import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import { compareBackend, compareScorer, PARITY_LIMIT, type ParityError } from './parity.js'
import { readParityFile } from './parity-file.js'

const path = fileURLToPath(new URL('../../../../../shared/data/realnvp-parity.json', import.meta.url))
const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined
const missing = 'the numbers of the independent implementation, ../shared/data/realnvp-parity.json, are not here'

const beyond = (errors: readonly ParityError[]) => errors.filter(({ largest }) => !(largest <= PARITY_LIMIT))

await onEachBackend('parity', (backend) => {
  it('gives the numbers of the independent implementation', async ({ skip }) => {
    if (text === undefined) return skip(missing)
    const { file, flow } = readParityFile(text)
    const errors = await compareBackend(file, flow, backend)
    expect(beyond(errors)).toEqual([])
    expect(errors.map(({ quantity }) => quantity)).toContain('gradients')
  })
})

it('gives the numbers of the independent implementation in ONNX Runtime', async ({ skip }) => {
  if (text === undefined) return skip(missing)
  const { file, flow } = readParityFile(text)
  expect(beyond(await compareScorer(file, flow))).toEqual([])
})

it('detects a single weight with an error of a thousandth', async ({ skip }) => {
  if (text === undefined) return skip(missing)
  const { file, flow } = readParityFile(text)
  flow.weights.get('layers.1.actnorm.logScale')!.data[0]! += 1e-3
  expect(beyond(await compareScorer(file, flow))).not.toEqual([])
})

it('throws with the reason for a file that is not a parity file', () => {
  expect(() => readParityFile('# a page')).toThrow(ShapeError)
  expect(() => readParityFile('{}')).toThrow(/format realnvp-parity\/1/)
  expect(() => readParityFile('{"format":"realnvp-parity/1"}')).toThrow(/list hidden/)
})
