/** Summary of a field's numbers. */
export interface NumberSummary {
  readonly least: number
  readonly most: number
  /** Null if no number is above 0. */
  readonly leastPositive: number | null
  /** Median of 1,024 to 2,048 evenly spaced numbers, or of all if there are fewer. */
  readonly median: number
  readonly mean: number
}

/** Summarises numbers one by one, in bounded memory. */
export class NumberSummariser {
  #least = Number.POSITIVE_INFINITY
  #most = Number.NEGATIVE_INFINITY
  #leastPositive = Number.POSITIVE_INFINITY
  #sum = 0
  #count = 0
  /** Every `#stride`-th number. */
  #kept: number[] = []
  #stride = 1

  add(number: number): void {
    this.#least = Math.min(this.#least, number)
    this.#most = Math.max(this.#most, number)
    if (number > 0) this.#leastPositive = Math.min(this.#leastPositive, number)
    this.#sum += number
    if (this.#count % this.#stride === 0) this.#keep(number)
    this.#count += 1
  }

  /** @returns null if there was no number */
  summary(): NumberSummary | null {
    if (this.#count === 0) return null
    return {
      least: this.#least,
      most: this.#most,
      leastPositive: Number.isFinite(this.#leastPositive) ? this.#leastPositive : null,
      median: this.#kept.toSorted((a, b) => a - b)[this.#kept.length >> 1]!,
      mean: this.#sum / this.#count,
    }
  }

  #keep(number: number): void {
    if (this.#kept.length === MOST_KEPT) {
      this.#kept = this.#kept.filter((_, at) => at % 2 === 0)
      this.#stride *= 2
      // The number's index is a multiple of the doubled stride as well, because an even number of strides has passed.
    }
    this.#kept.push(number)
  }
}

const MOST_KEPT = 2_048

/**
 * Whether numbers span so many decades, with most of them small, that a model should use their logarithms. Decades below 1 do not
 * count, so numbers scaled to 0…1 stay linear.
 */
export function wantsLogScale({ least, most, leastPositive, median, mean }: NumberSummary): boolean {
  // If most are 0, no scale fits them.
  if (least < 0 || leastPositive === null || median === 0) return false
  return most / Math.max(1, leastPositive) >= WIDE_RANGE && mean >= SKEWED * median
}

/** Four decades. */
const WIDE_RANGE = 1e4
/** Mean over median: 1 of evenly spread numbers, 1.44 of exponential ones, 1.65 of log-normal ones with σ = 1. */
const SKEWED = 1.5
