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
  const side = value < from ? 'below' : value > to ? 'above' : 'within'
  const outside = side === 'below' ? from - value : side === 'above' ? value - to : 0
  const widths = side === 'within' ? 0 : width > 0 ? outside / width : null
  if (side === 'within') {
    const at = width > 0 ? (value - from) / width : 0.5
    return { low: 0.25, high: 0.75, at: 0.25 + at / 2, isOff: false, side, widths }
  }
  // The band, the gap to the value, and half a band of margin at both ends.
  const isOff = widths === null || 1 / (2 + widths) < MIN_BAND
  const band = isOff ? MIN_BAND : 1 / (2 + widths)
  const low = band / 2
  const at = isOff ? 1 : low + band * (1 + widths)
  const mirrored = side === 'below'
  return {
    low: mirrored ? 1 - low - band : low,
    high: mirrored ? 1 - low : low + band,
    at: mirrored ? 1 - at : at,
    isOff,
    side,
    widths,
  }
}
