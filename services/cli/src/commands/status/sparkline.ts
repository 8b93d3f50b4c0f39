const BARS = '▁▂▃▄▅▆▇█'

/** Bars of the values from 0 to the largest, and what that is. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(0, ...values)
  const bar = (value: number) => BARS[largest === 0 ? 0 : Math.round((value / largest) * (BARS.length - 1))]!
  return `${values.map(bar).join('')}  at most ${Math.round(largest).toLocaleString('en')}`
}
