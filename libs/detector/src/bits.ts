/** Place of the smallest value; 0 where there is none. */
export function argMin(values: Float64Array): number {
  return values.reduce((best, value, k) => (value < values[best]! ? k : best), 0)
}

/** Surprise saved, never less than none. */
export function toBits(nats: number): number {
  return Math.max(0, nats / Math.LN2)
}
