/** Fraction of the track that the range has when the value is beyond it. */
const MIN_BAND = 0.2

/**
 * Positions a normal range as a band and a value as a mark on one linear scale, with a wide band in the middle while the value is
 * within it. A value so far out that the band would be too narrow to see is put at the track's end instead.
 *
 * @param range  the normal range, 5 % to 95 %
 * @returns the band from `low` to `high` and the mark `at`, as fractions of the track's length; `isOff`: the mark is the track's end;
 *   `widths`: how far outside, in widths of the range, null if the range has no width
 */
export function placeInRange(value: number, [from, to]: readonly [number, number]) {
  const width = to - from
  const isBelow = value < from
  if (!isBelow && !(value > to)) {
    const at = width > 0 ? (value - from) / width : 0.5
    return { low: 0.25, high: 0.75, at: 0.25 + at / 2, isOff: false, side: 'within' as const, widths: 0 }
  }
  const outside = isBelow ? from - value : value - to
  const widths = width > 0 ? outside / width : null
  // The band, the gap to the value, and half a band of margin at both ends.
  const isOff = widths === null || 1 / (2 + widths) < MIN_BAND
  const band = isOff ? MIN_BAND : 1 / (2 + widths)
  const low = band / 2
  const at = isOff ? 1 : low + band * (1 + widths)
  return isBelow
    ? { low: 1 - low - band, high: 1 - low, at: 1 - at, isOff, side: 'below' as const, widths }
    : { low, high: low + band, at, isOff, side: 'above' as const, widths }
}
