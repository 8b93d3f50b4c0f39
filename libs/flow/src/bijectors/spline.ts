import type { Numbers } from '../tensor/rows.js'

/** The knots of a spline: its bins from −bound to bound on both axes, as shares of 2·bound, and the slope at each knot. */
interface Knots {
  /** [bins], adding up to 1 */
  readonly widths: readonly number[]
  /** [bins], adding up to 1 */
  readonly heights: readonly number[]
  /** Slope at knot 0 … bins; 1 at both ends, where the spline joins the identity. */
  slopeAt(knot: number): number
}

/** Number of raw parameters of one spline: widths, heights, and the slopes between the bins. */
export const rawLength = (bins: number) => 3 * bins - 1

/**
 * The knots of a spline from its raw parameters; zeros give the identity.
 *
 *     width  = m + (1 − bins·m)·softmax(r)      height likewise      slope = m + softplus(r + log(e^(1−m) − 1))      m = 1e-3
 *
 * @param raw   bins widths, bins heights, bins − 1 slopes, from `from` on
 */
export function knotsOf(raw: Numbers, from: number, bins: number): Knots {
  const slopesFrom = from + 2 * bins - 1
  return {
    widths: sharesOf(raw, from, bins),
    heights: sharesOf(raw, from + bins, bins),
    // Computed on demand: a value is in one bin and needs two slopes.
    slopeAt: (knot) => (knot === 0 || knot === bins ? 1 : SMALLEST + softplus(raw[slopesFrom + knot]! + SLOPE_ONE)),
  }
}

/** Lower bound of a bin's width and height, as shares, and of a slope: the inverse cannot restore digits lost on a flatter spline. */
export const SMALLEST = 1e-3

/** The raw slope that gives a slope of 1. */
export const SLOPE_ONE = Math.log(Math.expm1(1 - SMALLEST))

/**
 * Monotonic rational-quadratic spline: a quotient of quadratics in each bin, the identity beyond ±bound.
 *
 *     σ = height/width   ξ = (u − uₖ)/width   θ = ξ(1−ξ)   β = σ + (δₖ₊₁ + δₖ − 2σ)θ        u = (x + bound)/2bound
 *     v = vₖ + height·(σξ² + δₖθ)/β            dv/du = σ²·(δₖ₊₁ξ² + 2σθ + δₖ(1−ξ)²)/β²
 *
 * @returns z and log(dz/dx)
 * @see Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032, eqs 4 and 5
 */
export function splineAt(knots: Knots, bound: number, x: number): { value: number; logSlope: number } {
  if (!(Math.abs(x) < bound)) return { value: x, logSlope: 0 }
  const { bin, top, bottom, height, sigma, spread } = placeOf(knots, (x + bound) / (2 * bound))
  const v = sumBefore(knots.heights, bin) + (height * top) / bottom
  return { value: 2 * bound * v - bound, logSlope: Math.log(spread) + 2 * Math.log(sigma / bottom) }
}

/**
 * The inverse of `splineAt`.
 *
 * @returns x and log(dz/dx) at x
 * @see Durkan et al. 2019, eqs 6 to 8
 */
export function splineInverseAt(knots: Knots, bound: number, z: number): { value: number; logSlope: number } {
  if (!(Math.abs(z) < bound)) return { value: z, logSlope: 0 }
  const { widths, heights, slopeAt } = knots
  const { bin, start } = binOf(heights, (z + bound) / (2 * bound))
  const [width, height, left] = [widths[bin]!, heights[bin]!, slopeAt(bin)]
  const sigma = height / width
  const above = (z + bound) / (2 * bound) - start
  const bend = above * (slopeAt(bin + 1) + left - 2 * sigma)
  const a = height * (sigma - left) + bend
  const b = height * left - bend
  const c = -sigma * above
  const xi = (2 * c) / (-b - Math.sqrt(Math.max(b * b - 4 * a * c, 0)))
  const u = sumBefore(widths, bin) + xi * width
  const value = 2 * bound * u - bound
  return { value, logSlope: splineAt(knots, bound, value).logSlope }
}

/**
 * The gradient of dValue·z + dLogSlope·log(dz/dx).
 *
 * @param dRaw  the gradient by the raw parameters is added here, from index `from` on
 * @returns the derivative by x
 */
export function splineGradient(
  knots: Knots,
  bound: number,
  x: number,
  { dValue, dLogSlope }: { readonly dValue: number; readonly dLogSlope: number },
  dRaw: Numbers,
  from: number,
): number {
  if (!(Math.abs(x) < bound)) return dValue
  const { widths, heights } = knots
  const bins = widths.length
  const place = placeOf(knots, (x + bound) / (2 * bound))
  const { bin, xi, theta, sigma, left, right, width, height, top, bottom, spread } = place
  const dv = 2 * bound * dValue
  const bend = 1 - 2 * xi
  const dBottom = (right + left - 2 * sigma) * bend
  // Derivatives of top/bottom and of the log-slope, by σ, both slopes and ξ.
  const rise = height * dv
  const square = bottom * bottom
  const dSigma =
    (rise * (xi * xi * bottom - top * (1 - 2 * theta))) / square +
    dLogSlope * (2 / sigma + (2 * theta) / spread - (2 * (1 - 2 * theta)) / bottom)
  const dLeft = (rise * theta * (bottom - top)) / square + dLogSlope * ((1 - xi) ** 2 / spread - (2 * theta) / bottom)
  const dRight = (-rise * theta * top) / square + dLogSlope * (xi ** 2 / spread - (2 * theta) / bottom)
  const dXi =
    (rise * ((2 * sigma * xi + left * bend) * bottom - top * dBottom)) / square +
    dLogSlope * ((2 * right * xi + 2 * sigma * bend - 2 * left * (1 - xi)) / spread - (2 * dBottom) / bottom)

  // The widths and heights of the bins before this one shift its start; its own width and height also enter σ and ξ.
  const dWidths = new Array<number>(bins).fill(0).fill(-dXi / width, 0, bin)
  const dHeights = new Array<number>(bins).fill(0).fill(dv, 0, bin)
  dWidths[bin] = -(dXi * xi + dSigma * sigma) / width
  dHeights[bin] = (dv * top) / bottom + dSigma / width
  addThroughShares(dRaw, from, dWidths, widths)
  addThroughShares(dRaw, from + bins, dHeights, heights)
  const slopesFrom = from + 2 * bins - 1
  if (bin > 0) dRaw[slopesFrom + bin]! += dLeft * softplusSlope(left)
  if (bin + 1 < bins) dRaw[slopesFrom + bin + 1]! += dRight * softplusSlope(right)
  return dXi / width / (2 * bound)
}

/** The quantities of the formulas, at u in [0, 1). */
function placeOf({ widths, heights, slopeAt }: Knots, u: number) {
  const { bin, start } = binOf(widths, u)
  const [width, height, left, right] = [widths[bin]!, heights[bin]!, slopeAt(bin), slopeAt(bin + 1)]
  const xi = (u - start) / width
  const theta = xi * (1 - xi)
  const sigma = height / width
  const top = sigma * xi * xi + left * theta
  const bottom = sigma + (right + left - 2 * sigma) * theta
  const spread = right * xi * xi + 2 * sigma * theta + left * (1 - xi) * (1 - xi)
  return { bin, xi, theta, sigma, left, right, width, height, top, bottom, spread }
}

/** The bin of a share, and where it starts. */
function binOf(shares: readonly number[], at: number): { bin: number; start: number } {
  let [bin, start] = [0, 0]
  while (bin + 1 < shares.length && at >= start + shares[bin]!) {
    start += shares[bin]!
    bin += 1
  }
  return { bin, start }
}

function sumBefore(shares: readonly number[], bin: number): number {
  let total = 0
  for (let at = 0; at < bin; at++) total += shares[at]!
  return total
}

function sharesOf(raw: Numbers, from: number, bins: number): readonly number[] {
  let largest = Number.NEGATIVE_INFINITY
  for (let bin = 0; bin < bins; bin++) largest = Math.max(largest, raw[from + bin]!)
  // A plain array: allocating a typed one costs more than computing eight numbers.
  const shares: number[] = []
  let total = 0
  for (let bin = 0; bin < bins; bin++) {
    const share = Math.exp(raw[from + bin]! - largest)
    shares.push(share)
    total += share
  }
  const free = (1 - bins * SMALLEST) / total
  for (let bin = 0; bin < bins; bin++) shares[bin] = SMALLEST + free * shares[bin]!
  return shares
}

/** Adds the gradient by the raw parameters, from the gradient by the shares, through the softmax. */
function addThroughShares(dRaw: Numbers, from: number, dShares: readonly number[], shares: readonly number[]): void {
  const free = 1 - shares.length * SMALLEST
  let mean = 0
  for (let bin = 0; bin < shares.length; bin++) mean += ((shares[bin]! - SMALLEST) / free) * dShares[bin]!
  for (let bin = 0; bin < shares.length; bin++) dRaw[from + bin]! += (shares[bin]! - SMALLEST) * (dShares[bin]! - mean)
}

const softplus = (value: number) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)))

/** Derivative of a slope by its raw parameter, which is that of the softplus: 1 − e^−softplus. */
const softplusSlope = (slope: number) => -Math.expm1(SMALLEST - slope)
