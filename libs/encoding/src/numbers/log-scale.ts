/** u of a column: the 5 % quantile of |x| over its values other than 0; 1 if all are 0. */
export function fitLogUnit(values: Float64Array): number {
  const sizes = values
    .filter((x) => x !== 0)
    .map(Math.abs)
    .sort()
  return sizes.length === 0 ? 1 : Math.max(sizes[Math.floor(0.05 * sizes.length)]!, SMALLEST_UNIT)
}

/** With a smaller unit, u + |x| and |x| / u can leave the range of float64. */
const SMALLEST_UNIT = 1e-7

/**
 * The signed log, y: linear around 0, logarithmic farther out, for either sign, and smooth.
 *
 *     y = sign(x) · log(1 + |x| / u)        dy/dx = 1 / (u + |x|)
 */
export function signedLog(unit: number, x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x) / unit)
}

/** x of a signed log. */
export function inverseSignedLog(unit: number, y: number): number {
  return Math.sign(y) * unit * Math.expm1(Math.abs(y))
}

/** dy/dx of the signed log. */
export function slope(unit: number, x: number): number {
  return 1 / (unit + Math.abs(x))
}
