import type { Conditional } from './categories/conditional.js'
import { groupOfIds } from './context/grouping.js'
import { type Encoder, flagsAt, groupWidth } from './encoder.js'
import { keepSeen, roundToStep, unstandardise } from './numbers/number-column.js'

/** How often training saw a record's value of one category. */
export type CategoryEvidence =
  | { readonly kind: 'unseen' }
  /** Rarely or never seen together with the record's value of a neighbouring category, which itself was seen. */
  | {
      readonly kind: 'pair'
      readonly name: string
      readonly value: string | null
      /** null: the two are equal, and equal values are so rare that they were not counted. */
      readonly seen: number | null
      readonly of: number
    }
  | { readonly kind: 'rare'; readonly seen: number; readonly of: number }
  | { readonly kind: 'common' }

/** A grouping that leaves this share of a number's spread or less determines it. */
const DETERMINES = 0.5
/** A pair seen in a smaller share of the neighbour's rows than this is rare. */
const RARE_SHARE = 0.01

/** The record's categories that determine one of its numbers. */
export interface DeterminingGroup {
  /** `LAX→JFK` for a pair, `origin LAX` for a single category. */
  readonly name: string
  /** The group's median, in the column's own unit. */
  readonly median: number
  /** Median ± 1.645 deviations of the group, 90 % of a normal distribution; in the column's own unit. */
  readonly range: readonly [low: number, high: number]
}

/**
 * Finds the categories that determine number j of a record; null if none do.
 *
 * @param ids  [categories]
 */
export function determiningGroup(encoder: Encoder, ids: Int32Array, j: number): DeterminingGroup | null {
  const { groupings, tree } = encoder
  const found = encoder.anchors[j]!.map((index) => groupings[index]!).find(
    (grouping) => grouping.remaining[j]! <= DETERMINES && groupOfIds(grouping, ids, 0) > 0,
  )
  if (found === undefined) return null
  const [first, second] = found.members
  const valueAt = (k: number) => tree.vocabularies[k]!.values[ids[k]! - 1] ?? 'none'
  const column = encoder.numbers[j]!
  const from = groupOfIds(found, ids, 0) * groupWidth(encoder)
  const median = found.table[from + j]!
  const reach = NINE_TENTHS * Math.exp(found.table[from + encoder.numbers.length + j]!)
  const inOwnUnit = (z: number) => keepSeen(column, roundToStep(column, unstandardise(column, z)))
  return {
    name:
      second === undefined
        ? `${tree.vocabularies[first]!.name} ${valueAt(first)}`
        : `${valueAt(first)}→${valueAt(second)}`,
    median: inOwnUnit(median),
    range: [inOwnUnit(median - reach), inOwnUnit(median + reach)],
  }
}

/**
 * Names of the numbers that category k determines in other records, and that nothing determines in a record with an unseen value of it.
 *
 * @param ids  [categories]
 */
export function undeterminedNumbers(encoder: Encoder, ids: Int32Array, k: number): readonly string[] {
  const { groupings, numbers } = encoder
  const determines = (j: number) =>
    groupings.some(({ members, remaining }) => members.includes(k) && remaining[j]! <= DETERMINES)
  return numbers.filter((_, j) => determines(j) && determiningGroup(encoder, ids, j) === null).map(({ name }) => name)
}

/** Half the width of the central 90 % of a normal distribution, in deviations. */
const NINE_TENTHS = 1.645

/**
 * Counts for category k of a record: its rarest pair with a neighbour in the tree if that is rare, else its own count.
 *
 * @param ids  [categories]
 */
export function categoryEvidence(encoder: Encoder, ids: Int32Array, k: number): CategoryEvidence {
  const { tree } = encoder
  const own = ids[k]!
  if (own === 0) return { kind: 'unseen' }
  const pairs = tree.parents.flatMap((parent, child) => {
    const edge = tree.edges[child]
    if (!edge || (child !== k && parent !== k)) return []
    const other = child === k ? parent : child
    if (other >= flagsAt(encoder) || ids[other] === 0) return []
    const isTwin = edge.twin?.[ids[parent]!] === ids[child]
    const seen = edge.pairs.get(ids[parent]! * edge.stride + ids[child]!) ?? (isTwin && !countsTwins(edge) ? null : 0)
    const { name, values, counts } = tree.vocabularies[other]!
    return [{ kind: 'pair' as const, name, value: values[ids[other]! - 1]!, seen, of: counts[ids[other]!]! }]
  })
  const share = ({ seen, of }: (typeof pairs)[number]) => (seen ?? 0) / of
  const [rare] = pairs.filter((pair) => share(pair) <= RARE_SHARE).sort((a, b) => share(a) - share(b))
  if (rare !== undefined) return rare
  const { counts } = tree.vocabularies[k]!
  const rows = counts.reduce((sum, count) => sum + count, 0)
  return counts[own]! <= RARE_SHARE * rows ? { kind: 'rare', seen: counts[own]!, of: rows } : { kind: 'common' }
}

function countsTwins({ twin, pairs, stride }: Conditional): boolean {
  return twin?.some((child, parent) => child > 0 && pairs.has(parent * stride + child)) ?? false
}
