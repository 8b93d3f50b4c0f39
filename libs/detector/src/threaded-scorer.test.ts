import type { Feature } from '@outflow/contracts'
import { type Fields, packFields } from '@outflow/encoding'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Detector, openDetector } from './detector.js'
import { ScoringThreadEnded } from './errors.js'
import { openThreadedScorer } from './threaded-scorer.js'
import { trainDetector } from './train.js'

const features: Feature[] = [
  { path: '$.x', type: 'numeric', optional: true },
  { path: '$.kind', type: 'categorical', optional: true },
]

const record = (index: number): Fields => ({
  numbers: [index % 17 === 0 ? Number.NaN : Math.sin(index) * (1 + (index % 3))],
  categories: [index % 19 === 0 ? null : ['a', 'b', 'c'][index % 3]!],
})
const records = (from: number, count: number) => Array.from({ length: count }, (_, index) => record(from + index))

let artefact: Uint8Array
let threaded: Detector
let here: Detector
beforeAll(async () => {
  const trained = await trainDetector({
    features,
    records: records(0, 400),
    model: { kind: 'realnvp', layers: 2, hidden: [8] },
    training: { contamination: 0, seed: 1 },
    alertRate: 0.02,
    backend: 'wasm',
  })
  artefact = trained.artefact
  ;[threaded, here] = await Promise.all([openDetector(artefact, { threaded: true }), openDetector(artefact)])
}, 120_000)
afterAll(() => Promise.all([threaded.close(), here.close()]))

test('a thread gives the scores of the model, to each who asks his own', async () => {
  const batches = [records(1000, 5000), records(7, 1), [], [{ numbers: [1e9], categories: ['unseen'] }]]
  const found = await Promise.all(batches.map((batch) => threaded.score(batch)))
  expect(found).toEqual(await Promise.all(batches.map((batch) => here.score(batch))))
  expect(found[3]!.unseenValues).toBe(1)
})

test('an explanation is the same', async () => {
  const odd = { numbers: [40], categories: ['a'] }
  expect(await threaded.explain(odd)).toEqual(await here.explain(odd))
})

test('a thread that has ended says so to who waits and to who asks later', async () => {
  const scorer = await openThreadedScorer(artefact)
  const waiting = expect(scorer.score(packFields(records(0, 1000)))).rejects.toThrow(ScoringThreadEnded)
  await scorer.close()
  await waiting
  await expect(scorer.score(packFields(records(0, 1)))).rejects.toThrow('exit code 1')
})

test('a thread that can not begin says why', async () => {
  await expect(openThreadedScorer(Buffer.from('no model'))).rejects.toThrow(
    /scoring thread ended: these bytes are no model/,
  )
})
