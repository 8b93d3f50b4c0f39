const HOUR_MS = 3_600_000
/** Between two labels. */
const LABEL_STEPS_MS = [
  ...[1, 5, 15, 30, 60, 300, 900, 1_800].map((seconds) => seconds * 1_000),
  ...[1, 2, 3, 6, 12, 24, 48, 168, 672, 2_016, 8_760].map((hours) => hours * HOUR_MS),
]

interface Axis {
  readonly fromMs: number
  readonly stepMs: number
  readonly columns: number
  /** Maximum number of labels. */
  readonly most: number
  /** Local time of an instant, both ms. */
  readonly toLocal: (timeMs: number) => number
}

/**
 * Returns the columns of a time axis in which a round local time begins, each with the columns up to the next label, and the time
 * between two labels. Local time is that of each column: the clocks may change in between.
 */
export function labelColumns({ fromMs, stepMs, columns, most, toLocal }: Axis) {
  const labelMs =
    LABEL_STEPS_MS.find((label) => label % stepMs === 0 && columns * stepMs <= most * label) ??
    Math.ceil(columns / most) * stepMs
  const isRound = (column: number) => Math.floor(toLocal(fromMs + column * stepMs) / stepMs) % (labelMs / stepMs) === 0
  const round = Array.from({ length: columns }, (_, column) => column).filter(isRound)
  // The last label does not fit when the axis ends soon after it: the longest takes three quarters of its share.
  const labelled = round.filter((column) => columns - column >= (0.75 * columns) / most)
  return { labelMs, labels: labelled.map((column, i) => ({ column, width: (labelled[i + 1] ?? columns) - column })) }
}
