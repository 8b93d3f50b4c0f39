/** Index of the smallest value; 0 for an empty array. */
export function argMin(values: Float64Array): number {
  let best = 0
  for (let k = 1; k < values.length; k++) if (values[k]! < values[best]!) best = k
  return best
}

/** A reduction of an NLL in bits, at least 0. */
export function toBits(nats: number): number {
  return Math.max(0, nats / Math.LN2)
}

/** log Σ exp(log); −∞ for an empty array. */
export function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs)
  return Number.isFinite(most) ? most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0)) : most
}
