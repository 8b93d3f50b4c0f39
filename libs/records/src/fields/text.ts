/** The numbers derived from a text, in order: its length, and shares of its characters. */
export const TEXT_MEASURES = ['length', 'digits', 'capitals', 'punctuation', 'blanks', 'distinct'] as const

export interface TextMeasures {
  /** In the order of `TEXT_MEASURES`. */
  readonly numbers: readonly number[]
  /** Runs of capitals, small letters and digits as A, a and 9, other characters as they are: `Aa 9-A` of `Gate 12-B`. */
  readonly shape: string | null
}

export const NO_TEXT: TextMeasures = { numbers: TEXT_MEASURES.map(() => Number.NaN), shape: null }

/** Maximum number of measured characters, except for the length. */
const MEASURED_CHARACTERS = 4_096
/** With more symbols, nearly every text would have a different shape. */
const SHAPE_SYMBOLS = 12

export function measureText(text: string): TextMeasures {
  const seen = new Set<number>()
  const counts = { A: 0, a: 0, 9: 0, ' ': 0, '.': 0 }
  const measured = Math.min(text.length, MEASURED_CHARACTERS)
  let shape = ''
  let symbols = 0
  let before = ''
  for (let at = 0; at < measured; at += 1) {
    const code = text.charCodeAt(at)
    seen.add(code)
    const kind = kindOf(code, text[at]!)
    counts[kind] += 1
    const symbol = kind === '.' ? text[at]! : kind
    if (symbol !== before || kind === '.') {
      symbols += 1
      if (symbols <= SHAPE_SYMBOLS) shape += symbol
      before = symbol
    }
  }
  const share = (count: number) => count / measured
  return {
    numbers: [text.length, share(counts[9]), share(counts.A), share(counts['.']), share(counts[' ']), share(seen.size)],
    shape: symbols > SHAPE_SYMBOLS ? `${shape}…` : shape,
  }
}

function kindOf(code: number, character: string): 'A' | 'a' | '9' | ' ' | '.' {
  if (code >= 97 && code <= 122) return 'a'
  if (code >= 65 && code <= 90) return 'A'
  if (code >= 48 && code <= 57) return '9'
  if (code === 32 || (code >= 9 && code <= 13)) return ' '
  if (code < 128) return '.'
  if (/\p{Lu}/u.test(character)) return 'A'
  // Surrogates (of characters beyond U+FFFF, mostly emoji) do not match \p{L} and count as punctuation.
  return /\p{L}|\p{M}/u.test(character) ? 'a' : '.'
}
