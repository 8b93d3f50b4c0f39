/** Context columns are clamped to this many deviations. */
const LARGEST_CONTEXT_Z = 10

/**
 * Without a bound, a column that hardly varies in training (an airport was seen in 999 of 1,000 rows) would be ten deviations
 * out in the other rows, of which the flow has too few, so that it extrapolates.
 */
const SMALLEST_SCALE = 0.25

/**
 * Joins the parts of the training context column by column and standardises the columns.
 *
 * @param parts  each [n, its width], row-major
 * @returns context [n, contextDim], row-major; mean and deviation of each column
 */
export function standardiseContext(
  parts: readonly Float32Array[],
  n: number,
): { context: Float32Array; centre: Float32Array; scale: Float32Array } {
  const width = parts.reduce((sum, part) => sum + part.length / n, 0)
  const context = new Float32Array(n * width)
  let at = 0
  for (const part of parts) {
    const partWidth = part.length / n
    for (let row = 0; row < n; row++) {
      context.set(part.subarray(row * partWidth, (row + 1) * partWidth), row * width + at)
    }
    at += partWidth
  }
  const centre = new Float32Array(width)
  const scale = new Float32Array(width)
  for (let column = 0; column < width; column++) {
    let sum = 0
    for (let row = 0; row < n; row++) sum += context[row * width + column]!
    const mean = sum / n
    let squares = 0
    for (let row = 0; row < n; row++) squares += (context[row * width + column]! - mean) ** 2
    const deviation = Math.sqrt(squares / n)
    centre[column] = mean
    scale[column] = Math.max(deviation, SMALLEST_SCALE)
  }
  standardiseColumns(context, n, { centre, scale })
  return { context, centre, scale }
}

/** In place: (value − centre) / scale of each column, clamped. */
export function standardiseColumns(
  context: Float32Array,
  n: number,
  { centre, scale }: { readonly centre: Float32Array; readonly scale: Float32Array },
): void {
  const width = centre.length
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < width; column++) {
      const z = (context[row * width + column]! - centre[column]!) / scale[column]!
      context[row * width + column] = Math.max(-LARGEST_CONTEXT_Z, Math.min(LARGEST_CONTEXT_Z, z))
    }
  }
}
