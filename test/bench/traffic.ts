import type { Feature } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { sound } from '../support/sound.js'

export const numeric = (path: string): Feature => ({ path, type: 'numeric', optional: false })
export const categorical = (path: string): Feature => ({ path, type: 'categorical', optional: false })

export const TRAFFIC_FEATURES: readonly Feature[] = [
  numeric('$.load'),
  numeric('$.temperature'),
  numeric('$.latency'),
  numeric('$.bytes'),
  numeric('$.retries'),
  numeric('$.skew'),
  categorical('$.region'),
  categorical('$.kind'),
]

export const REGIONS = ['eu', 'us', 'ap', 'sa', 'af']
export const KINDS = ['read', 'write', 'scan', 'admin']

/** Random numbers of (0, 1], and standard normal ones. */
export function drawsOf(seed: number) {
  const random = xoroshiro128plus(seed)
  const uniform = () => 1 - uniformFloat64(random)
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) }
}

/**
 * Makes a stationary source of normal records: load and temperature are correlated, latency is log-normal and grows with load,
 * bytes are Pareto of shape 0.4, retries an integer, skew Student's t with 4 degrees of freedom; region and kind shift them.
 */
export function makeTraffic(seed: number): () => Fields {
  const { uniform, normal } = drawsOf(seed)
  const read = makeReader(TRAFFIC_FEATURES)
  return () => {
    const region = Math.floor(5 * uniform() ** 1.5)
    const kind = Math.floor(4 * uniform() ** 2)
    const load = 50 + 8 * region + 12 * normal()
    const chi = -2 * Math.log(uniform()) - 2 * Math.log(uniform())
    const fields = read({
      load,
      temperature: 20 + 0.5 * load + 3 * normal(),
      latency: Math.exp(2 + 0.3 * kind + 0.01 * load + 0.4 * normal()),
      bytes: 200 * (1 + kind) * (uniform() ** -0.4 - 0.9),
      retries: Math.floor(-1.5 * Math.log(uniform())),
      skew: normal() / Math.sqrt(chi / 4),
      region: REGIONS[region],
      kind: KINDS[kind],
    })
    return sound(fields)
  }
}
