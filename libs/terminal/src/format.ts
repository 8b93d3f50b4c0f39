// Made at its first use: the first formatter of a process loads the data of its locale.
let integer: Intl.NumberFormat | undefined

/** `20020` becomes `20,020`. */
export function formatCount(count: number): string {
  integer ??= new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
  return integer.format(count)
}

/** `1` and `anomaly` become `1 anomaly`, `2000` and `anomaly` become `2,000 anomalies`. */
export const formatCounted = (count: number, noun: string): string => `${formatCount(count)} ${inNumber(count, noun)}`

/** The noun in the singular for 1, and in the plural for any other number. */
export const inNumber = (count: number, noun: string): string =>
  count === 1 ? noun : `${noun.replace(/(?<=[^aeiou])y$/, 'ie')}s`

/** `1234` becomes `1.2 s`. */
export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
