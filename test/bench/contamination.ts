/**
 * What anomalies in the training window cost, and what the measures against them give back:
 * `npm run bench:contamination -- --json`.
 *
 * Protocol: flights as in bench:flights, a smaller model for speed. A window of 5,000 holds 0, 1, 5 or 10 % corrupted flights;
 * models are fitted to it without any measure, trimmed as configured by default (1 %), trimmed by what is true, and trimmed
 * after the corrupted flights that an earlier model had flagged were confirmed and left out. Each is held against 2,000 fresh clean
 * flights (the share that is flagged at 1 %) and 600 fresh corrupted ones (AUROC, share found).
 *
 * Then ten rounds, each fitted to the next window of the same stream, 2 % corrupted: as outflow does it, and the way it does not,
 * leaving out all that the model before had flagged. What is watched is the share flagged of fresh clean flights.
 */
import { parseArgs } from 'node:util'
import { type Detector, openDetector, trainDetector } from '@outflow/detector'
import { type Fields, isRejection, makeReader } from '@outflow/encoding'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { CORRUPTIONS, corrupt, corruptStream } from '../../services/cli/src/demo/corrupt.js'
import { type Flight, loadFlights } from '../../services/cli/src/demo/flights.js'
import { rank } from './ranking.js'

const ALERT_RATE = 0.01
const WINDOW = 5_000
const CLEAN = 2_000
const FRESH = 600
const ROUNDS = 10
const SHARES = [0, 0.01, 0.05, 0.1]
const FEATURES = [
  { path: '$.delay', type: 'numeric', optional: false },
  { path: '$.distance', type: 'numeric', optional: false },
  { path: '$.date', type: 'cyclic', period: 'day', optional: false },
  { path: '$.origin', type: 'categorical', optional: false },
  { path: '$.destination', type: 'categorical', optional: false },
] as const

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' } },
})
const seed = Number(options.seed)
const read = makeReader(FEATURES)
const flights = shuffled(loadFlights())
const clean = flights.slice(0, CLEAN).map(fieldsOf)
const stream = flights.slice(CLEAN)
const odd = freshlyCorrupted()

const windows: (Quality & { readonly corrupted: number; readonly measure: string })[] = []
for (const share of SHARES) windows.push(...(await compareMeasures(share)))
const rounds: (Quality & { readonly way: string; readonly round: number })[] = []
for (const way of ['as outflow does', 'without all that was flagged'] as const) rounds.push(...(await retrain(way)))
const report = { alertRate: ALERT_RATE, window: WINDOW, windows, rounds }
if (options.json) console.log(JSON.stringify(report, null, 2))
else printTables()

interface Quality {
  readonly auroc: number
  /** Share of the fresh corrupted flights with p ≤ 1 %. */
  readonly found: number
  readonly cleanFlagged: number
}

interface Sent {
  readonly fields: Fields
  readonly isCorrupted: boolean
}

async function compareMeasures(share: number) {
  const sent = windowOf(0, share)
  const earlier = await fitTo(sent, 0.01)
  const { pValue } = await earlier.score(sent.map(({ fields }) => fields))
  const unconfirmed = sent.filter(({ isCorrupted }, index) => !(isCorrupted && pValue[index]! <= ALERT_RATE))
  const ways = [
    { measure: 'none', detector: await fitTo(sent, 0) },
    { measure: 'trimmed, 1 %', detector: earlier },
    ...(share > 0.01 ? [{ measure: `trimmed, ${100 * share} %`, detector: await fitTo(sent, share) }] : []),
    ...(share > 0 ? [{ measure: 'confirmed left out, trimmed', detector: await fitTo(unconfirmed, 0.01) }] : []),
  ]
  const found = []
  for (const { measure, detector } of ways) {
    found.push({ corrupted: share, measure, ...(await quality(detector)) })
    await detector.close()
  }
  return found
}

async function retrain(way: 'as outflow does' | 'without all that was flagged') {
  const found = []
  let before: Detector | null = null
  for (let round = 0; round < ROUNDS; round++) {
    let sent = windowOf(round, 0.02)
    if (before !== null && way === 'without all that was flagged') {
      const { pValue } = await before.score(sent.map(({ fields }) => fields))
      sent = sent.filter((_, index) => pValue[index]! > ALERT_RATE)
    }
    await before?.close()
    before = await fitTo(sent, 0.01)
    found.push({ way, round: round + 1, ...(await quality(before)) })
  }
  await before?.close()
  return found
}

/** Another window of the same stream for each number. */
function windowOf(number: number, share: number): Sent[] {
  const start = (number * 1_500) % (stream.length - WINDOW)
  const own = stream.slice(start, start + WINDOW)
  return corruptStream(own, { share, seed: seed + number }).map(({ flight, corruption }) => ({
    fields: fieldsOf(flight),
    isCorrupted: corruption !== null,
  }))
}

async function fitTo(sent: readonly Sent[], contamination: number): Promise<Detector> {
  const { artefact } = await trainDetector({
    features: FEATURES,
    records: sent.map(({ fields }) => fields),
    model: { kind: 'realnvp', layers: 4, hidden: [32] },
    training: { contamination, seed },
    alertRate: ALERT_RATE,
  })
  return openDetector(artefact)
}

async function quality(detector: Detector): Promise<Quality> {
  const normal = await detector.score(clean)
  const strange = await detector.score(odd)
  return {
    auroc: rank([...normal.nll, ...strange.nll], [...clean.map(() => false), ...odd.map(() => true)]).auroc,
    found: shareFlagged(strange.pValue),
    cleanFlagged: shareFlagged(normal.pValue),
  }
}

function freshlyCorrupted(): Fields[] {
  const random = xoroshiro128plus(seed + 99)
  const fresh: Fields[] = []
  while (fresh.length < FRESH) {
    const kind = CORRUPTIONS[fresh.length % CORRUPTIONS.length]!
    const flight = corrupt(flights[uniformInt(random, 0, CLEAN - 1)]!, kind, flights, random)
    if (flight !== null) fresh.push(fieldsOf(flight))
  }
  return fresh
}

function shuffled(all: readonly Flight[]): Flight[] {
  const random = xoroshiro128plus(seed)
  const order = [...all]
  for (let place = order.length - 1; place > 0; place--) {
    const other = uniformInt(random, 0, place)
    const own = order[place]!
    order[place] = order[other]!
    order[other] = own
  }
  return order
}

function fieldsOf(flight: Flight): Fields {
  const fields = read(flight)
  if (isRejection(fields)) throw new Error(`a flight was rejected: ${fields.detail}`)
  return fields
}

function shareFlagged(pValue: Float64Array): number {
  return pValue.filter((p) => p <= ALERT_RATE).length / pValue.length
}

function printTables(): void {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`.padStart(8)
  console.log('corrupted  measure                        AUROC     found   clean flagged')
  for (const { corrupted, measure, auroc: area, found, cleanFlagged } of windows) {
    console.log(
      `${percent(corrupted)}   ${measure.padEnd(29)} ${area.toFixed(4)}  ${percent(found)}  ${percent(cleanFlagged)}`,
    )
  }
  console.log('\nround  way                            found   clean flagged')
  for (const { round, way, found, cleanFlagged } of rounds) {
    console.log(`${String(round).padStart(5)}  ${way.padEnd(28)} ${percent(found)}  ${percent(cleanFlagged)}`)
  }
}
