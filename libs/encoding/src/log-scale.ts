/**
 * The signed log: a line about 0, a log farther out, of either sign and smooth.
 *
 *     y = sign(x) · log(1 + |x| / u)        dx/dy = u + |x|
 *
 * A density of y counts as one of x only with the Jacobian: −log p(x) = −log p(y) + log(u + |x|).
 */

/** u of a column: what a twentieth of its values, zeros left out, are smaller than; 1 where all are zero. */
export function fitLogUnit(values: Float64Array): number {
  const sizes = values
    .filter((x) => x !== 0)
    .map(Math.abs)
    .sort()
  return sizes.length === 0 ? 1 : Math.max(sizes[Math.floor(0.05 * sizes.length)]!, SMALLEST_UNIT)
}

/** Below it u + |x| and |x| / u leave the range of doubles. */
const SMALLEST_UNIT = 1e-7

export function shrink(unit: number, x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x) / unit)
}

export function expand(unit: number, y: number): number {
  return Math.sign(y) * unit * Math.expm1(Math.abs(y))
}

/** log(dx/dy), nats */
export function logStretch(unit: number, x: number): number {
  return Math.log(unit + Math.abs(x))
}
