/** Index of the smallest value; 0 for an empty array. */
export function argMin(values: Float64Array): number {
  return values.reduce((best, value, k) => (value < values[best]! ? k : best), 0)
}

/** A reduction of an NLL in bits, at least 0. */
export function toBits(nats: number): number {
  return Math.max(0, nats / Math.LN2)
}
