import type { Random } from '../../random.js'

interface Rows {
  readonly dim: number
  /** [count, dim], row-major */
  readonly rows: Float64Array
}

/**
 * Cluster index of each row, by k-means with k-means++ initialisation.
 *
 * @returns [count]
 * @see Arthur & Vassilvitskii 2007, k-means++: the advantages of careful seeding
 */
export function clusters(data: Rows, count: number, random: Random): Uint16Array {
  const centres = drawCentres(data, count, random)
  let cluster = nearestOf(data, centres)
  for (let round = 0; round < ROUNDS; round++) {
    moveToMeans(centres, data, cluster)
    cluster = nearestOf(data, centres)
  }
  return cluster
}

const ROUNDS = 5

/** [count, dim]: initial centres, each drawn with probability proportional to the squared distance to the nearest centre. */
function drawCentres({ dim, rows }: Rows, count: number, random: Random): Float64Array {
  const centres = new Float64Array(count * dim)
  const nearest = new Float64Array(rows.length / dim).fill(Number.POSITIVE_INFINITY)
  for (let centre = 0; centre < count; centre++) {
    const drawn = centre === 0 ? random.below(nearest.length) : random.weighted(nearest)
    centres.set(rows.subarray(drawn * dim, (drawn + 1) * dim), centre * dim)
    for (let row = 0; row < nearest.length; row++) {
      nearest[row] = Math.min(nearest[row]!, squaredDistance(rows, row, centres, centre, dim))
    }
  }
  return centres
}

function nearestOf({ dim, rows }: Rows, centres: Float64Array): Uint16Array {
  return Uint16Array.from({ length: rows.length / dim }, (_, row) => {
    let [nearest, least] = [0, Number.POSITIVE_INFINITY]
    for (let centre = 0; centre < centres.length / dim; centre++) {
      const square = squaredDistance(rows, row, centres, centre, dim)
      if (square < least) [nearest, least] = [centre, square]
    }
    return nearest
  })
}

function squaredDistance(rows: Float64Array, row: number, centres: Float64Array, centre: number, dim: number): number {
  let square = 0
  for (let j = 0; j < dim; j++) square += (rows[row * dim + j]! - centres[centre * dim + j]!) ** 2
  return square
}

/** A cluster without rows keeps its centre. */
function moveToMeans(centres: Float64Array, { dim, rows }: Rows, cluster: Uint16Array): void {
  const sums = new Float64Array(centres.length)
  const totals = new Float64Array(centres.length / dim)
  cluster.forEach((centre, row) => {
    totals[centre]! += 1
    for (let j = 0; j < dim; j++) sums[centre * dim + j]! += rows[row * dim + j]!
  })
  sums.forEach((sum, at) => {
    const total = totals[Math.floor(at / dim)]!
    if (total > 0) centres[at] = sum / total
  })
}
