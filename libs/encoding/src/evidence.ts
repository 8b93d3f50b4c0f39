import type { Encoder } from './encoder.js'
import { groupOfIds } from './grouping.js'

/** What the counts say about one category's value in a record. */
export type CategoryEvidence =
  | { readonly kind: 'unseen' }
  /** Seldom or never seen with a neighbour's value, which is itself known. */
  | {
      readonly kind: 'pair'
      readonly name: string
      readonly value: string | null
      readonly seen: number
      readonly of: number
    }
  | { readonly kind: 'rare'; readonly seen: number; readonly of: number }
  | { readonly kind: 'ordinary' }

/** A grouping that leaves this share of a number's spread or less determines it. */
const DETERMINES = 0.5
/** A pair seen in a smaller share of the neighbour's rows than this is seldom. */
const SELDOM = 0.01

/**
 * Names the record's categories that determine number j: `LAX→JFK` of a pair, `origin LAX` of one; null where none does.
 *
 * @param ids  [categories]
 */
export function determiningGroup(encoder: Encoder, ids: Int32Array, j: number): string | null {
  const { groupings, tree } = encoder
  const found = encoder.anchors[j]!.map((index) => groupings[index]!).find(
    (grouping) => grouping.remaining[j]! <= DETERMINES && groupOfIds(grouping, ids, 0) > 0,
  )
  if (found === undefined) return null
  const names = found.members.map((k) => tree.vocabularies[k]!.values[ids[k]! - 1] ?? 'none')
  return names.length === 2 ? names.join('→') : `${tree.vocabularies[found.members[0]!]!.name} ${names[0]}`
}

export function categoryEvidence({ tree, numbers }: Encoder, ids: Int32Array, k: number): CategoryEvidence {
  const own = ids[k]!
  if (own === 0) return { kind: 'unseen' }
  const pairs = tree.parents.flatMap((parent, child) => {
    const edge = tree.edges[child]
    if (!edge || (child !== k && parent !== k)) return []
    const other = child === k ? parent : child
    const isFlag = other >= tree.parents.length - numbers.length
    if (isFlag || ids[other] === 0) return []
    const seen = edge.pairs.get(ids[parent]! * edge.stride + ids[child]!) ?? 0
    const { name, values, counts } = tree.vocabularies[other]!
    return [{ kind: 'pair' as const, name, value: values[ids[other]! - 1]!, seen, of: counts[ids[other]!]! }]
  })
  const [seldom] = pairs.filter(({ seen, of }) => seen <= SELDOM * of).sort((a, b) => a.seen / a.of - b.seen / b.of)
  if (seldom !== undefined) return seldom
  const { counts } = tree.vocabularies[k]!
  const rows = counts.reduce((sum, count) => sum + count, 0)
  return counts[own]! <= SELDOM * rows ? { kind: 'rare', seen: counts[own]!, of: rows } : { kind: 'ordinary' }
}
