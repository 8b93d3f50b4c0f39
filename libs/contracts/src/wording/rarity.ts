import { formatWith } from './format-with.js'

/**
 * Formats how rare a record is among normal ones, such as `1 in 11,000`.
 *
 * Beyond the resolution the number would only follow from an assumption about the tail: a record there is `rarer than 1 in 1,000,000`,
 * and one a thousand times beyond it is `beyond anything seen`.
 *
 * @param pValue      the calibrated one; above 0, at most 1
 * @param resolution  smallest p-value that the calibration supports; default: that of a calibration with a fitted tail
 */
export function formatRarity(pValue: number, resolution: number = TAIL_RESOLUTION): string {
  if (pValue > NOT_RARE) return 'not rare'
  if (pValue <= BEYOND * resolution) return 'beyond anything seen'
  const capped = Math.max(pValue, resolution)
  return `${pValue <= resolution ? 'rarer than ' : ''}1 in ${whole(Number((1 / capped).toPrecision(2)))}`
}

/** A calibration has at most a few 100,000 records, and its fitted tail continues the count for about a factor of ten. */
const TAIL_RESOLUTION = 1e-6
const BEYOND = 1e-3
const NOT_RARE = 0.1

const whole = formatWith({ maximumFractionDigits: 0 })
