import { type Feature, featureName } from '@outflow/contracts'

/** What is measured of a text, in this order: its length, and shares of its characters. */
const MEASURES = ['length', 'digits', 'capitals', 'punctuation', 'blanks', 'distinct'] as const

/** A feature that is one value; a text is several of these. */
export type PlainFeature = Exclude<Feature, { type: 'text' }>

/**
 * Puts what is derived of each text in its place: its length on a log scale, shares of digits, capitals, punctuation and
 * blanks, the share of its characters that are different ones, and its shape, a category.
 */
export function plainFeatures(features: readonly Feature[]): PlainFeature[] {
  return features.flatMap((feature): PlainFeature[] => {
    if (feature.type !== 'text') return [feature]
    const { path, optional } = feature
    const named = (part: string) => ({ path, optional, name: `${featureName(feature)} ${part}` })
    return [
      ...MEASURES.map(
        (measure): PlainFeature =>
          measure === 'length'
            ? { ...named(measure), type: 'numeric', scale: 'log' }
            : { ...named(measure), type: 'numeric' },
      ),
      { ...named('shape'), type: 'categorical' },
    ]
  })
}

export interface TextMeasures {
  /** In the order of a text's derived numbers. */
  readonly numbers: readonly number[]
  /** Runs of capitals, small letters and digits as A, a and 9, other characters as they are: `Aa 9-A` of `Gate 12-B`. */
  readonly shape: string | null
}

/** A text that is missing. */
export const NO_TEXT: TextMeasures = { numbers: MEASURES.map(() => Number.NaN), shape: null }

/** Of a longer text only so much is looked at, its length excepted. */
const LOOKED_AT = 4_096
/** Beyond it nearly every text would have a shape of its own. */
const SHAPE_SYMBOLS = 12

export function measureText(text: string): TextMeasures {
  const seen = new Set<number>()
  const counts = { A: 0, a: 0, 9: 0, ' ': 0, '.': 0 }
  const looked = Math.min(text.length, LOOKED_AT)
  let shape = ''
  let symbols = 0
  let before = ''
  for (let at = 0; at < looked; at += 1) {
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
  const share = (count: number) => count / looked
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
  // The halves of a pair beyond U+FFFF, emoji most often, are no letters to the test.
  return /\p{L}|\p{M}/u.test(character) ? 'a' : '.'
}
