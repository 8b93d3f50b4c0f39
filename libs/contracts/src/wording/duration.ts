import { formatWith } from './format-with.js'

const oneDecimal = formatWith({ maximumFractionDigits: 1 })

/** A duration, such as `8 s`, `14 min`, `3.5 h` or `12 days`; a negative one is 0. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${oneDecimal(ms / 1_000)} s`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${oneDecimal(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}
