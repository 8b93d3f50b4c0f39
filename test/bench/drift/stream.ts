import type { Feature } from '@outflow/contracts'
import { categorical, drawsOf, KINDS, numeric, REGIONS } from '../traffic.js'

export const STREAM_FEATURES: readonly Feature[] = [
  numeric('$.load'),
  numeric('$.temperature'),
  numeric('$.latency'),
  numeric('$.bytes'),
  numeric('$.vibration'),
  categorical('$.region'),
  categorical('$.kind'),
]

/** A stretch of the stream, with the distribution of its records from its first minute to its last. */
export interface Stretch {
  readonly name: string
  readonly minutes: number
  readonly records: number
  readonly world: (part: number) => World
  /** Share of records that are anomalies. */
  readonly planted: number
  /** The kind of all planted anomalies, if there is only one. */
  readonly attack?: boolean
  /** Whether it contains drift. */
  readonly isChange?: boolean
  /** Whether the stream's model at its end is compared with a model of only the regime, or with the attack. */
  readonly checksAdaptation?: boolean
  readonly checksAttack?: boolean
}

/** Distribution of normal records. */
export interface World {
  /** Added to every load, whose deviation is 14; temperature and latency depend on it. */
  readonly load: number
  /** Factor for every latency. */
  readonly slowness: number
  /** Share of records of a new kind. */
  readonly newKind: number
  /** Whether vibration is fixed at its median. */
  readonly stuck: boolean
  /** Records per minute, relative to the stretch's mean. */
  readonly rate: number
}

const REST: World = { load: 0, slowness: 1, newKind: 0, stuck: false, rate: 1 }
const DRIFTED: World = { ...REST, load: 14, slowness: 1.3 }
const SHIFTED: World = { ...REST, load: 42, slowness: 2 }
const NEW_KIND: World = { ...SHIFTED, newKind: 0.03 }
const PLANTED = 0.002

/** Thirty-four hours, and two million records. */
export const STRETCHES: readonly Stretch[] = [
  { name: 'first hour', minutes: 60, records: 120_000, world: () => REST, planted: PLANTED },
  { name: 'stationary', minutes: 120, records: 240_000, world: () => REST, planted: PLANTED },
  {
    name: 'slow drift',
    minutes: 150,
    records: 300_000,
    world: (part) => ({ ...REST, load: 14 * part, slowness: 1.3 ** part }),
    planted: PLANTED,
    isChange: true,
  },
  {
    name: 'drifted, at rest',
    minutes: 30,
    records: 60_000,
    world: () => DRIFTED,
    planted: PLANTED,
    checksAdaptation: true,
  },
  {
    name: 'level shift',
    minutes: 60,
    records: 120_000,
    world: () => SHIFTED,
    planted: PLANTED,
    isChange: true,
    checksAdaptation: true,
  },
  {
    name: 'new category',
    minutes: 60,
    records: 120_000,
    world: () => NEW_KIND,
    planted: PLANTED,
    isChange: true,
    checksAdaptation: true,
  },
  { name: 'attack', minutes: 10, records: 20_000, world: () => NEW_KIND, planted: 0.02, attack: true },
  {
    name: 'after the attack',
    minutes: 30,
    records: 60_000,
    world: () => NEW_KIND,
    planted: PLANTED,
    checksAttack: true,
  },
  {
    name: 'stuck sensor',
    minutes: 30,
    records: 60_000,
    world: () => ({ ...NEW_KIND, stuck: true }),
    planted: PLANTED,
    isChange: true,
  },
  { name: 'sensor fixed', minutes: 30, records: 60_000, world: () => NEW_KIND, planted: PLANTED, isChange: true },
  {
    name: 'seasonal day',
    minutes: 1_440,
    records: 840_000,
    world: (part) => {
      const wave = Math.sin(2 * Math.PI * part)
      return { ...NEW_KIND, load: SHIFTED.load + 14 * wave, rate: 1 + 0.5 * wave }
    },
    planted: PLANTED,
    isChange: true,
    checksAdaptation: true,
  },
]

export type StreamRecord = Readonly<Record<string, number | string>>

const NEW = 'purge'

/**
 * Makes a seeded source of records: load and temperature are correlated, latency is log-normal and grows with load, bytes are Pareto,
 * vibration is Student's t and independent of all others; region and kind shift them.
 *
 * An anomaly is a normal record with one wrong value: a temperature that does not fit the load, a latency that
 * does not fit kind and load, or fewer bytes than the kind can have. In an attack all have the same wrong values.
 */
export function makeStream(seed: number) {
  const { uniform, normal } = drawsOf(seed)
  const sign = () => (uniform() < 0.5 ? -1 : 1)

  const normalRecord = (world: World): StreamRecord => {
    const region = Math.floor(5 * uniform() ** 1.5)
    const isNew = uniform() <= world.newKind
    const kind = isNew ? 4 : Math.floor(4 * uniform() ** 2)
    const load = 50 + 5 * region + 12 * normal() + world.load
    const chi = -2 * Math.log(uniform()) - 2 * Math.log(uniform())
    return {
      load,
      temperature: 20 + 0.5 * load + 3 * normal(),
      latency: world.slowness * Math.exp(2 + 0.3 * kind + 0.01 * load + 0.4 * normal()),
      bytes: 200 * (1 + kind) * (uniform() ** -0.3 - 0.9),
      vibration: world.stuck ? 0 : normal() / Math.sqrt(chi / 4),
      region: REGIONS[region]!,
      kind: isNew ? NEW : KINDS[kind]!,
    }
  }

  const wrong = (record: StreamRecord): StreamRecord => {
    const chance = uniform()
    if (chance < 0.4) return { ...record, temperature: (record.temperature as number) + sign() * (12 + 15 * uniform()) }
    if (chance < 0.8)
      return { ...record, latency: (record.latency as number) * Math.exp(sign() * (1.6 + 1.2 * uniform())) }
    return { ...record, bytes: 2 + 8 * uniform() }
  }

  const attacking = (record: StreamRecord): StreamRecord => ({
    ...record,
    temperature: (record.temperature as number) - 24,
    latency: (record.latency as number) * 5,
    bytes: 3 + uniform(),
    kind: 'admin',
    region: 'af',
  })

  return {
    chance: uniform,
    normalRecord,
    anomaly: (world: World, isAttack = false) => (isAttack ? attacking : wrong)(normalRecord(world)),
  }
}
