/** A row or message for comparison: its id, and the content that must be the same in every run. */
export interface ComparedRow {
  readonly id: string
  readonly content: unknown
}

/** The difference between rows and the expected ones. */
interface RowsDiffer {
  readonly expected: number
  /** Rows that are missing. */
  readonly lost: number
  /** Rows beyond the first of their id, and rows that were not expected. */
  readonly duplicated: number
  /** Rows with other content. */
  readonly differing: number
  /** The first few differences, to find their cause. */
  readonly examples: readonly string[]
}

const EXAMPLES = 5
/** Float32 sums in batches of other sizes differ by less; also the tolerance for artefacts. */
const TOLERANCE = 1e-5

/** Compares rows with the expected ones, by id, in any order. */
export function compareRows(expected: readonly ComparedRow[], found: readonly ComparedRow[]): RowsDiffer {
  const left = new Map(expected.map((row) => [row.id, row.content]))
  const examples: string[] = []
  const counts = { duplicated: 0, differing: 0 }
  const note = (kind: keyof typeof counts, text: string) => {
    counts[kind] += 1
    if (examples.length < EXAMPLES) examples.push(`${kind}: ${text}`)
  }
  for (const { id, content } of found) {
    if (!left.has(id)) {
      note('duplicated', `${id} ${JSON.stringify(content)}`)
      continue
    }
    const due = left.get(id)
    left.delete(id)
    if (!isSame(due, content)) note('differing', `${id} ${JSON.stringify(content)} instead of ${JSON.stringify(due)}`)
  }
  const lost = [...left.keys()]
  examples.push(...lost.slice(0, EXAMPLES - examples.length).map((id) => `lost: ${id}`))
  return { expected: expected.length, lost: lost.length, ...counts, examples }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a))
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
  const [entriesA, entriesB] = [Object.entries(a), new Map(Object.entries(b))]
  return entriesA.length === entriesB.size && entriesA.every(([key, value]) => isSame(value, entriesB.get(key)))
}
