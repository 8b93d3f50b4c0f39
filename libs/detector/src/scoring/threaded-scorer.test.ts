import { once } from 'node:events'
import type { Feature } from '@outflow/contracts'
import { ShapeError } from '@outflow/flow'
import { type Fields, packFields } from '@outflow/records/fields'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeModel, type Model } from '../artefact.js'
import { type Detector, openDetector } from '../detector.js'
import { ScoringThreadEnded } from '../errors.js'
import { fitSmall } from '../test-training.js'
import { makeScoringThread, type ScoringThread } from './threaded-scorer.js'

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
let model: Model
let thread: ScoringThread
let threaded: Detector
let here: Detector
beforeAll(async () => {
  artefact = (await fitSmall(features, records(0, 400), { maxSteps: 50 })).artefact
  model = decodeModel(artefact)
  thread = makeScoringThread()
  ;[threaded, here] = await Promise.all([openDetector(artefact, { thread }), openDetector(artefact)])
}, 120_000)
afterAll(() => Promise.all([threaded.close(), here.close()]))

test('a model that is opened in a thread disables the telemetry of ONNX Runtime in the process', async () => {
  delete process.env.ORT_DISABLE_TELEMETRY
  const fresh = makeScoringThread()
  const detector = await openDetector(artefact, { thread: fresh })
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1')
  await detector.close()
})

test('a thread returns to each request its own scores, those of the model', async () => {
  const batches = [records(1000, 5000), records(7, 1), [], [{ numbers: [1e9], categories: ['unseen'] }]]
  const found = await Promise.all(batches.map((batch) => threaded.score(batch)))
  expect(found).toEqual(await Promise.all(batches.map((batch) => here.score(batch))))
  expect(found[3]!.unseenValues).toBe(1)
})

test('an explanation is the same', async () => {
  const odd = { numbers: [40], categories: ['a'] }
  expect(await threaded.explain([odd])).toEqual(await here.explain([odd]))
})

test('a thread keeps the process alive only from its first opened model', async () => {
  const held = () => process.getActiveResourcesInfo().filter((resource) => resource === 'MessagePort').length
  const own = makeScoringThread()
  const before = held()
  own.begin()
  expect(held()).toBe(before)
  const scorer = await own.open(model.encoder, model.flow)
  expect(held()).toBe(before + 1)
  expect((await scorer.score(packFields(records(0, 9)))).nll).toHaveLength(9)
  await scorer.close()
})

test('a thread ends with its last model, completes pending requests, rejects later ones, and restarts with the next model', async () => {
  const own = makeScoringThread()
  const scorer = await own.open(model.encoder, model.flow)
  const table = packFields(records(0, 4096))
  const asked = Array.from({ length: 30 }, () => scorer.score(table))
  // Most requests are pending.
  await asked[5]
  const closed = scorer.close()
  await expect(scorer.score(table)).rejects.toThrow(ScoringThreadEnded)
  await closed
  await expect(scorer.score(table)).rejects.toThrow('its last model was closed')
  for (const { nll } of await Promise.all(asked)) expect(nll).toHaveLength(4096)
  const next = await own.open(model.encoder, model.flow)
  expect((await next.score(packFields(records(0, 9)))).nll).toHaveLength(9)
  await next.close()
})

test('a thread runs a program until it is ended, also after the last model is closed', async () => {
  const own = makeScoringThread()
  const { port, end } = own.run(
    new URL('data:text/javascript,export const run = (port) => port.on("message", (own) => port.postMessage(own))'),
  )
  const answer = async (message: string) => {
    const [received] = await Promise.all([once(port, 'message'), port.postMessage(message)])
    return received
  }
  const scorer = await own.open(model.encoder, model.flow)
  expect(await answer('one')).toEqual(['one'])
  await scorer.close()
  expect(await answer('two')).toEqual(['two'])
  await end()
})

test('models of a thread that has failed can be closed (the first of two was rejected, so that ingest did not close its connections)', async () => {
  const own = makeScoringThread()
  const models = [await own.open(model.encoder, model.flow), await own.open(model.encoder, model.flow)]
  const { port } = own.run(new URL('data:text/javascript,export const run = () => process.exit(3)'))
  await once(port, 'close')
  await expect(models[0]!.score(packFields(records(0, 9)))).rejects.toThrow('exit code 3')
  for (const opened of models) await opened.close()
})

test('rejects with the reason for a model that cannot be opened, and continues for the others', async () => {
  const incomplete = { ...model.flow!, weights: new Map() }
  await expect(thread.open(model.encoder, incomplete)).rejects.toThrow(ShapeError)
  const batch = records(3, 20)
  expect(await threaded.score(batch)).toEqual(await here.score(batch))
})

test('two models score in one thread, and one can be closed without the other', async () => {
  const table = packFields(records(0, 100))
  const [one, other] = [await thread.open(model.encoder, model.flow), await thread.open(model.encoder, model.flow)]
  const [scores, same] = await Promise.all([one.score(table), other.score(table)])
  expect(same).toEqual(scores)
  await one.close()
  expect(await other.score(table)).toEqual(scores)
  await other.close()
})
