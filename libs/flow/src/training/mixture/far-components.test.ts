import { describe, expect, it } from 'vitest'
import { mixtureBase, mixtureDensity, weightsOfMixture } from '../../base/gaussian-mixture.js'
import { seededRandom } from '../../random.js'
import { discountFarComponents } from './far-components.js'
import { fitMixture, type MixtureRows } from './fit-mixture.js'
import { fitRobustDensity } from './robust-density.js'

const DIM = 2

/** `normal` rows of a standard normal density, and `anomalies` rows close to (at, at). */
function dataOf(normal: number, anomalies: number, at = 6): MixtureRows {
  const random = seededRandom(1, 'rows')
  const rows = Float64Array.from({ length: DIM * (normal + anomalies) }, (_, place) =>
    place < DIM * normal ? random.normal() : at + 0.1 * random.normal(),
  )
  return { dim: DIM, rows, noise: 0.03 }
}

const fit = (data: MixtureRows) => {
  const mixture = discountFarComponents(fitMixture(data, 4, seededRandom(1, 'mixture')), data)
  return { mixture, ...mixtureDensity(mixture) }
}

describe('a mixture whose far components are discounted', () => {
  it('finds a cluster of 5 % of the rows unlikely, although it has its own component', () => {
    const { mixture, nll } = fit(dataOf(950, 50))
    expect(Array.from(mixture.means).some((mean) => Math.abs(mean - 6) < 0.5)).toBe(true)
    const [ofCluster, ofNormal] = nll(Float64Array.of(6, 6, 2, 2))
    expect(ofCluster).toBeGreaterThan(ofNormal! + 1)
  })

  it('lowers the density of a far cluster by 13 nats at most, so that rare normal rows stay likelier than anomalies', () => {
    const { mixture, nll } = fit(dataOf(950, 50, 1_000))
    expect(Math.log(Math.min(...mixture.shares))).toBeCloseTo(Math.log(0.05 / 0.95) - 13, 0)
    const [ofCluster, between] = nll(Float64Array.of(1_000, 1_000, 500, 500))
    expect(between).toBeGreaterThan(ofCluster! + 100)
  })

  it('draws each component as often as rows have it, so that samples resemble the rows', () => {
    const { mixture } = fit(dataOf(700, 300))
    const drawn = mixtureBase(weightsOfMixture(mixture), DIM).draw(seededRandom(2, 'draw'), 4_000)
    const ofCluster = drawn.filter((value, at) => at % DIM === 0 && Math.abs(value - 6) < 0.5).length
    expect(ofCluster / 4_000).toBeCloseTo(0.3, 1)
  })

  it('has the density of the rows if there is no such cluster', () => {
    const { nll } = fit(dataOf(1_000, 0))
    expect(nll(Float64Array.of(0, 0))[0]).toBeCloseTo(Math.log(2 * Math.PI), 0)
  })
})

describe('a robust density', () => {
  it('is changed little by far rows', () => {
    const clean = fitRobustDensity(dataOf(950, 0))(Float64Array.of(3, 3))[0]!
    const contaminated = fitRobustDensity(dataOf(950, 50, 1_000))(Float64Array.of(3, 3))[0]!
    // Under a Gaussian density it would be less than .01.
    expect(clean - contaminated).toBeLessThan(1)
    expect(contaminated).toBeGreaterThan(4)
  })

  it('is that of the Student density which drew the rows', () => {
    const random = seededRandom(4, 'student')
    const rows = new Float64Array(DIM * 20_000)
    for (let from = 0; from < rows.length; from += DIM) {
      const [one, two, three] = [random.normal(), random.normal(), random.normal()]
      const width = 2 / Math.sqrt((one * one + two * two + three * three) / 3)
      for (let j = 0; j < DIM; j++) rows[from + j] = width * random.normal()
    }
    const places = Float64Array.of(0, 0, 2, 0, 4, 4, 40, 0)
    const found = fitRobustDensity({ dim: DIM, rows, noise: 0 })(places)
    found.forEach((nats, row) => {
      const square = (places[2 * row]! ** 2 + places[2 * row + 1]! ** 2) / 2 ** 2
      expect(Math.abs(nats - 2.5 * Math.log1p(square / 3))).toBeLessThan(0.1)
    })
  })

  it('is finite for constant columns and repeated rows', () => {
    const rows = new Float64Array(40).fill(7)
    const nll = fitRobustDensity({ dim: 2, rows, noise: 0.03 })(rows)
    expect(nll.every(Number.isFinite)).toBe(true)
  })
})
