import type { TensorData } from '@outflow/flow'
import { makeConditional } from './categories/conditional.js'
import { marginal } from './categories/marginal.js'
import { findTwins, makeVocabulary, type Vocabulary } from './categories/vocabulary.js'
import { commonIds, type Grouping } from './context/grouping.js'
import type { Places } from './context/places.js'
import type { Encoder } from './encoder.js'
import type { NumberColumn } from './numbers/number-column.js'

/** An encoder in the form in which it is saved: a JSON header and named tables. */
interface PackedEncoder {
  readonly header: EncoderHeader
  readonly tables: ReadonlyMap<string, TensorData>
}

export interface EncoderHeader extends Pick<Encoder, 'features' | 'numbers' | 'indicators' | 'anchors'> {
  readonly categories: readonly {
    readonly name: string
    readonly parent: number
    readonly equality: number
    readonly reversible: boolean
  }[]
  readonly groupings: readonly (Pick<Grouping, 'members' | 'stride'> & { readonly ordered: boolean })[]
  readonly places: readonly Pick<Places, 'number' | 'grouping'>[]
}

/** Packs an encoder. Values that follow from the tables (ids by value, marginals, twins) are left out; `unpackEncoder` recomputes them. */
export function packEncoder(encoder: Encoder): PackedEncoder {
  const { tree, groupings } = encoder
  const tables = new Map<string, TensorData>([
    ['context.centre', encoder.contextCentre],
    ['context.scale', encoder.contextScale],
    ['noise', encoder.noise],
  ])
  tree.vocabularies.forEach(({ values, counts }, k) => {
    tables.set(`category.${k}.values`, new TextEncoder().encode(JSON.stringify(values)))
    tables.set(`category.${k}.counts`, counts)
  })
  tree.edges.forEach((edge, k) => {
    if (edge === null) return
    tables.set(`edge.${k}.parent_counts`, edge.parentCounts)
    tables.set(`edge.${k}.keys`, Int32Array.from(edge.pairs.keys()))
    tables.set(`edge.${k}.counts`, Int32Array.from(edge.pairs.values()))
  })
  groupings.forEach(({ keys, table, remaining }, index) => {
    tables.set(`grouping.${index}.keys`, Int32Array.from(keys.keys()))
    tables.set(`grouping.${index}.table`, table)
    tables.set(`grouping.${index}.remaining`, remaining)
  })
  encoder.places.forEach(({ coordinates, partners }, index) => {
    tables.set(`places.${index}.coordinates`, coordinates)
    tables.set(`places.${index}.partners`, partners)
  })
  const header: EncoderHeader = {
    features: encoder.features,
    numbers: encoder.numbers,
    categories: tree.vocabularies.map(({ name }, k) => ({
      name,
      parent: tree.parents[k]!,
      equality: tree.edges[k]?.equality ?? 0,
      reversible: tree.edges[k]?.reversible ?? false,
    })),
    groupings: groupings.map(({ members, common, stride }) => ({ members, ordered: common === null, stride })),
    places: encoder.places.map(({ number, grouping }) => ({ number, grouping })),
    indicators: encoder.indicators,
    anchors: encoder.anchors,
  }
  return { header, tables }
}

/** Restores an encoder from the header and tables of `packEncoder`. */
export function unpackEncoder({ header, tables }: PackedEncoder): Encoder {
  const vocabularies = header.categories.map(({ name }, k) => {
    const values: (string | null)[] = JSON.parse(new TextDecoder().decode(tables.get(`category.${k}.values`)))
    return makeVocabulary(name, values, tables.get(`category.${k}.counts`) as Float64Array)
  })
  return {
    features: header.features,
    numbers: header.numbers.map(withKnownKeys),
    tree: {
      vocabularies,
      marginals: vocabularies.map(({ counts }) => marginal(counts)),
      parents: header.categories.map(({ parent }) => parent),
      edges: header.categories.map((_, k) => unpackEdge(header, tables, vocabularies, k)),
    },
    groupings: header.groupings.map(({ members, ordered, stride }, index) => ({
      members,
      common: ordered ? null : commonIds(vocabularies[members[0]]!, vocabularies[members[1]!]!),
      keys: new Map(Array.from(tables.get(`grouping.${index}.keys`)!, (key, place) => [key, place + 1])),
      stride,
      table: tables.get(`grouping.${index}.table`) as Float32Array,
      remaining: tables.get(`grouping.${index}.remaining`) as Float64Array,
    })),
    places: header.places.map((own, index) => ({
      ...own,
      coordinates: tables.get(`places.${index}.coordinates`) as Float32Array,
      partners: tables.get(`places.${index}.partners`) as Int32Array,
    })),
    indicators: header.indicators,
    anchors: header.anchors,
    contextCentre: tables.get('context.centre') as Float32Array,
    contextScale: tables.get('context.scale') as Float32Array,
    noise: tables.get('noise') as Float32Array,
  }
}

function unpackEdge(
  header: EncoderHeader,
  tables: PackedEncoder['tables'],
  vocabularies: readonly Vocabulary[],
  k: number,
) {
  const { parent, equality, reversible } = header.categories[k]!
  if (parent < 0) return null
  const counts = tables.get(`edge.${k}.counts`)!
  return makeConditional({
    parentCounts: tables.get(`edge.${k}.parent_counts`) as Float64Array,
    pairs: new Map(Array.from(tables.get(`edge.${k}.keys`)!, (key, place) => [key, counts[place]!])),
    stride: vocabularies[k]!.values.length + 1,
    twin: findTwins(vocabularies[parent]!, vocabularies[k]!),
    equality,
    reversible,
  })
}

/** Drops the keys of a column that only a later version has, so that packing the encoder again reveals the difference. */
function withKnownKeys(column: NumberColumn): NumberColumn {
  const { name, cycle, logUnit, centre, scale, quantum, usual, quantiles } = column
  return { name, cycle, ...(logUnit === undefined ? {} : { logUnit }), centre, scale, quantum, usual, quantiles }
}
