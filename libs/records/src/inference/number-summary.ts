/** Summary of a field's numbers. */
export type NumberSummary = NonNullable<ReturnType<NumberSummariser['summary']>>

/** Summarises numbers one by one, in bounded memory. */
export class NumberSummariser {
  #least = Number.POSITIVE_INFINITY
  #most = Number.NEGATIVE_INFINITY
  #leastPositive = Number.POSITIVE_INFINITY
  #zeros = 0
  #sum = 0
  #count = 0
  /** Every `#stride`-th number. */
  #kept: number[] = []
  #stride = 1

  add(number: number): void {
    this.#least = Math.min(this.#least, number)
    this.#most = Math.max(this.#most, number)
    if (number > 0) this.#leastPositive = Math.min(this.#leastPositive, number)
    if (number === 0) this.#zeros += 1
    this.#sum += number
    if (this.#count % this.#stride === 0) this.#keep(number)
    this.#count += 1
  }

  /** @returns null if there was no number */
  summary() {
    if (this.#count === 0) return null
    return {
      least: this.#least,
      most: this.#most,
      /** Null if no number is above 0. */
      leastPositive: Number.isFinite(this.#leastPositive) ? this.#leastPositive : null,
      /** Share of the numbers that are 0. */
      zeros: this.#zeros / this.#count,
      /** Median of 1,024 to 2,048 evenly spaced numbers, or of all if there are fewer. */
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
 * Whether numbers are quantities that a model should use by their logarithms: none is negative, they span a decade, and most are small.
 * Decades below 1 do not count, so numbers scaled to 0…1 stay linear. So do numbers that are often 0, far from all others on a log scale.
 */
export function wantsLogScale({ least, most, leastPositive, zeros, median, mean }: NumberSummary): boolean {
  if (least < 0 || leastPositive === null || zeros > MOST_ZEROS) return false
  return most >= DECADE * Math.max(1, leastPositive) && mean >= median
}

const MOST_ZEROS = 0.1
const DECADE = 10
