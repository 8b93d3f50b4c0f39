import type { Numbers } from '../tensor/rows.js'

/** The part of the factors of W = P·L·(U + diag(sign⊙exp(s))) that a fit does not change. */
export interface Pivots {
  /** [dim]; row i of W is row order(i) of L·U */
  readonly order: readonly number[]
  /** [dim]; the signs of U's diagonal, 1 or −1 */
  readonly sign: readonly number[]
}

/**
 * W = P·L·(U + diag(sign⊙exp(s))), by elimination with pivots.
 *
 * @param matrix  [dim, dim], row-major, not singular
 * @returns factors: [dim, dim], in LAPACK's packed form: L below the diagonal (its diagonal is 1), U above, s on it
 */
export function factorised(matrix: Float64Array, dim: number): Pivots & { readonly factors: Float64Array } {
  const rows = Array.from({ length: dim }, (_, row) => ({
    row,
    values: matrix.slice(row * dim, (row + 1) * dim),
  }))
  for (let step = 0; step < dim; step++) {
    const largest = rows
      .slice(step)
      .reduce((best, each) => (Math.abs(each.values[step]!) > Math.abs(best.values[step]!) ? each : best))
    rows[rows.indexOf(largest)] = rows[step]!
    rows[step] = largest
    for (const { values } of rows.slice(step + 1)) {
      const factor = values[step]! / largest.values[step]!
      for (let column = step + 1; column < dim; column++) values[column]! -= factor * largest.values[column]!
      values[step] = factor
    }
  }
  const factors = new Float64Array(dim * dim)
  const order = new Array<number>(dim)
  const sign = rows.map(({ row, values }, at) => {
    order[row] = at
    const pivot = values[at]!
    factors.set(values, at * dim)
    factors[at * (dim + 1)] = Math.log(Math.abs(pivot))
    return Math.sign(pivot)
  })
  return { factors, order, sign }
}

/** Σⱼ sⱼ = log|det W|, nats. */
export function logDetOf(factors: Numbers, dim: number): number {
  let logDet = 0
  for (let row = 0; row < dim; row++) logDet += factors[row * (dim + 1)]!
  return logDet
}

/**
 * The matrix by which rows are multiplied from the right, Wᵀ: [in, out], row-major.
 *
 * @param factors  [dim, dim], packed as by `factorised`
 */
export function mixingMatrix(factors: Numbers, pivots: Pivots): Float64Array {
  const { length: dim } = pivots.order
  const identity = Float64Array.from({ length: dim * dim }, (_, at) => (at % (dim + 1) === 0 ? 1 : 0))
  return mixedRows(factors, pivots, identity)
}

/** W·x of each row, [count, dim] */
export function mixedRows(factors: Numbers, { order, sign }: Pivots, rows: Float64Array): Float64Array {
  const dim = order.length
  const mixed = new Float64Array(rows.length)
  for (let from = 0; from < rows.length; from += dim) {
    const lower = timesLower(factors, timesUpper(factors, sign, rows.subarray(from, from + dim)))
    order.forEach((row, column) => {
      mixed[from + column] = lower[row]!
    })
  }
  return mixed
}

/** (U + diag(sign⊙exp(s)))·x */
function timesUpper(factors: Numbers, sign: readonly number[], x: Float64Array): Float64Array {
  const dim = sign.length
  return x.map((own, row) => {
    let total = own * pivotAt(factors, sign, row)
    for (let column = row + 1; column < dim; column++) total += factors[row * dim + column]! * x[column]!
    return total
  })
}

/** L·y, [dim] */
function timesLower(factors: Numbers, y: Float64Array): Float64Array {
  const dim = y.length
  return y.map((own, row) => {
    let total = own
    for (let column = 0; column < row; column++) total += factors[row * dim + column]! * y[column]!
    return total
  })
}

/** W⁻¹·z of each row, [count, dim] */
export function solvedRows(factors: Numbers, { order, sign }: Pivots, rows: Float64Array): Float64Array {
  const dim = order.length
  const solved = new Float64Array(rows.length)
  for (let from = 0; from < rows.length; from += dim) {
    const x = solved.subarray(from, from + dim)
    order.forEach((row, column) => {
      x[row] = rows[from + column]!
    })
    solve(factors, sign, x)
  }
  return solved
}

/** Solves L·(U + diag(sign⊙exp(s)))·x = y for x, in place of y. */
function solve(factors: Numbers, sign: readonly number[], y: Float64Array): void {
  const dim = sign.length
  for (let row = 0; row < dim; row++) {
    for (let column = 0; column < row; column++) y[row]! -= factors[row * dim + column]! * y[column]!
  }
  for (let row = dim - 1; row >= 0; row--) {
    for (let column = row + 1; column < dim; column++) y[row]! -= factors[row * dim + column]! * y[column]!
    y[row]! /= pivotAt(factors, sign, row)
  }
}

export function pivotAt(factors: Numbers, sign: readonly number[], row: number): number {
  return sign[row]! * Math.exp(factors[row * (sign.length + 1)]!)
}
