/** The mean of numbers; NaN if there are none. */
export function meanOf(values: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < values.length; at++) total += values[at]!
  return total / values.length
}
