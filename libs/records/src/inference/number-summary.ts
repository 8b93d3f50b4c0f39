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

  /**
   * Returns a value that probably stands for missing numbers, such as −999: it is written in nines, repeats, and is farther from all others
   * than they spread. Null if there is none among the kept numbers.
   */
  missingCode(): number | null {
    const sorted = this.#kept.toSorted((a, b) => a - b)
    const isCode = (code: number): boolean => {
      const others = sorted.filter((number) => number !== code)
      if (sorted.length - others.length < 2 || others.length === 0) return false
      const [least, most] = [others[0]!, others.at(-1)!]
      return most > least && Math.max(least - code, code - most) > most - least
    }
    return [sorted[0]!, sorted.at(-1)!].find((number) => NINES.test(String(number)) && isCode(number)) ?? null
  }

  /**
   * Whether the numbers are those of rows, in any order: whole, each of them once, and at least every fourth number of their range. By
   * chance, no two of n whole numbers of r are equal with a probability of exp(−n² / 2r), which is below exp(−10) here.
   */
  areRowNumbers(): boolean {
    const range = this.#most - this.#least
    const kept = this.#kept.length
    if (range >= 4 * this.#count || kept ** 2 < 20 * range) return false
    return this.#kept.every(Number.isInteger) && new Set(this.#kept).size === kept
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
const NINES = /^-?9{2,}(\.9+)?$/

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
