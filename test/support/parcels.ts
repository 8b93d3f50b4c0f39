import { type Config, configSchema, type Feature } from '@outflow/contracts'
import { type TrainedDetector, type TrainingInput, trainDetector } from '@outflow/detector'
import { recordReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { sound } from './sound.js'

/** Measurements of a parcel at a depot: two numbers and a category, simple enough for a model that is fitted in seconds. */
export interface Parcel {
  readonly kind: string
  readonly grams: number
  readonly millimetres: number
}

/** A message about a parcel. Its header `truth` is the label: normal, odd, or why it is rejected. No detector reads it. */
export interface ParcelMessage {
  /** The depot. */
  readonly key: string
  readonly value: Buffer | null
  readonly truth: Truth
  readonly headers: readonly (readonly ['truth', Truth])[]
}

type Truth = 'normal' | 'odd' | Breakage

/** Whether the message is a record that is scored. */
export const isSound = ({ truth }: Pick<ParcelMessage, 'truth'>): boolean => truth === 'normal' || truth === 'odd'

/** The expected rejection of a broken message. */
type Breakage = keyof typeof BREAKAGES

export const PARCEL_FEATURES: readonly Feature[] = configSchema.shape.features.parse([
  { path: '$.kind', type: 'categorical' },
  { path: '$.grams', type: 'numeric' },
  { path: '$.millimetres', type: 'numeric' },
])

/** The fields, and windowed features per depot: weights, lengths and kinds of its parcels. */
export const WINDOWED_PARCEL_FEATURES: readonly Feature[] = configSchema.shape.features.parse([
  ...PARCEL_FEATURES,
  { type: 'window', name: 'heavier', aggregate: 'ratio_to_mean', of: '$.grams', over: '1h' },
  { type: 'window', name: 'spread', aggregate: 'std', of: '$.millimetres', over: '5m' },
  { type: 'window', name: 'kinds', aggregate: 'distinct', of: '$.kind', over: '1h' },
])

export const PARCEL_ALERT_RATE = 0.01
/** The smallest flow that detects odd parcels, fitted in seconds. */
export const PARCEL_MODEL: Config['model'] = { kind: 'realnvp', layers: 2, hidden: [8] }

const KINDS = [
  { kind: 'letter', grams: 20, millimetres: 220 },
  { kind: 'parcel', grams: 2_000, millimetres: 400 },
  { kind: 'crate', grams: 40_000, millimetres: 1_200 },
] as const

const BREAKAGES = {
  undecodable: (parcel: Parcel) => Buffer.concat([Buffer.from(JSON.stringify(parcel)), Buffer.of(0x00, 0xff)]),
  missing_field: ({ kind, grams }: Parcel) => Buffer.from(JSON.stringify({ kind, grams })),
  wrong_type: (parcel: Parcel) => Buffer.from(JSON.stringify({ ...parcel, grams: 'heavy' })),
  empty: () => null,
} as const

const DEPOTS = 40
const ODD_PER_MILLE = 10
const BROKEN_PER_MILLE = 6

const aMessage = (key: string, value: Buffer | null, truth: Truth): ParcelMessage => ({
  key,
  value,
  truth,
  headers: [['truth', truth]],
})

/** Yields endless messages: one in a hundred odd, six in a thousand broken in turn, the rest normal. */
export function* parcelMessages(seed: number): Generator<ParcelMessage, never> {
  const chance = makeChance(seed)
  const breakages = Object.keys(BREAKAGES) as Breakage[]
  for (let broken = 0; ; ) {
    const key = `depot-${chance.below(DEPOTS)}`
    const parcel = aParcel(chance)
    const draw = chance.below(1_000)
    if (draw < BROKEN_PER_MILLE) {
      const truth = breakages[broken++ % breakages.length]!
      yield aMessage(key, BREAKAGES[truth](parcel), truth)
      continue
    }
    const odd = draw < BROKEN_PER_MILLE + ODD_PER_MILLE
    const grams = odd ? parcel.grams * (10 + chance.below(90)) : parcel.grams
    const value = Buffer.from(JSON.stringify({ ...parcel, grams }))
    yield aMessage(key, value, odd ? 'odd' : 'normal')
  }
}

/** Fits a flow to normal parcels; the same seed gives the same model. @param input  replaces the input of the fit */
export function fitParcelModel(
  seed = 1,
  change: (records: Fields[]) => Fields[] = (records) => records,
  input: Partial<TrainingInput> = {},
): Promise<TrainedDetector> {
  return fitTo(PARCEL_FEATURES, change(normalParcels(1_000, seed)), seed, input)
}

/** Returns normal parcels as a detector reads them. */
export function normalParcels(count: number, seed: number): Fields[] {
  const chance = makeChance(seed)
  return Array.from({ length: count }, (): Fields => {
    const { kind, grams, millimetres } = aParcel(chance)
    return { numbers: [grams, millimetres], categories: [kind] }
  })
}

/** Like `fitParcelModel`, with windowed features; the parcels are a tenth of a second apart. */
export function fitWindowedParcelModel(): Promise<TrainedDetector> {
  const chance = makeChance(1)
  const reader = recordReader({ source: {}, features: WINDOWED_PARCEL_FEATURES, maxBytes: Number.POSITIVE_INFINITY })
  const records = Array.from({ length: 2_000 }, (_, index): Fields => {
    const parcel = aParcel(chance)
    const key = Buffer.from(`depot-${chance.below(DEPOTS)}`)
    return sound(reader.read({ topic: '', partition: 0, key, timestampMs: 100 * index, record: { ...parcel } })).fields
  })
  return fitTo(WINDOWED_PARCEL_FEATURES, records)
}

function fitTo(
  features: readonly Feature[],
  records: readonly Fields[],
  seed = 1,
  input: Partial<TrainingInput> = {},
): Promise<TrainedDetector> {
  return trainDetector({
    features,
    records,
    model: PARCEL_MODEL,
    training: { contamination: 0, seed },
    alertRate: PARCEL_ALERT_RATE,
    // A fifth of the steps of a full fit: odd parcels are at least ten times as heavy as others of their size.
    maxSteps: 400,
    // Loads half a second faster than TensorFlow, and takes two thirds of the time for a step of this small flow.
    backend: 'wasm',
    ...input,
  })
}

type Chance = ReturnType<typeof makeChance>

/** Random whole numbers of 0 … limit − 1, and lognormal factors around 1 with a deviation of a tenth. */
export function makeChance(seed: number) {
  const generator = xoroshiro128plus(seed)
  const below = (limit: number) => uniformInt(generator, 0, limit - 1)
  // The sum of twelve uniform numbers is approximately normal.
  const normal = () => Array.from({ length: 12 }, () => below(1_000_000) / 1_000_000).reduce((a, b) => a + b, -6)
  return { below, factor: () => Math.exp(normal() / 10) }
}

function aParcel(chance: Chance): Parcel {
  const { kind, grams, millimetres } = KINDS[chance.below(KINDS.length)]!
  const size = chance.factor()
  return {
    kind,
    grams: Number((grams * size ** 3 * chance.factor()).toPrecision(6)),
    millimetres: Number((millimetres * size).toPrecision(6)),
  }
}
