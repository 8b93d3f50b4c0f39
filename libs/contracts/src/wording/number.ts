import { formatWith } from './format-with.js'

// Whole numbers keep all their digits: two ids or times that differ must not look the same.
const sixDigits = formatWith({
  maximumSignificantDigits: 6,
  maximumFractionDigits: 0,
  roundingPriority: 'morePrecision',
})

/** A value of a record, such as `−1,380.5`; as JavaScript, with an exponent from 1e21 on and below 1e-6. */
export function formatNumber(value: number): string {
  const size = Math.abs(value)
  const hasExponent = size >= 1e21 || (size < 1e-6 && size > 0)
  const text = hasExponent ? String(Number(value.toPrecision(6))).replace('e+', 'e') : sixDigits(value)
  return text.replaceAll('-', '−')
}
