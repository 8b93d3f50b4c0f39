import type { Feature } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { TEXT_MEASURES } from './text.js'

/** A feature with one value; a text feature becomes several of these. */
type PlainFeature = Exclude<Feature, { type: 'text' }>
export type CategoryFeature = Extract<Feature, { type: 'categorical' | 'boolean' }>
export type NumberFeature = Exclude<PlainFeature, CategoryFeature>

/** One value of a record's `Fields`, and the feature it comes from. */
type Column = NumberFieldColumn | CategoryFieldColumn
type NumberFieldColumn = ColumnOf<'number', NumberFeature>
type CategoryFieldColumn = ColumnOf<'category', CategoryFeature>

interface ColumnOf<Kind, OwnFeature> {
  readonly kind: Kind
  readonly feature: OwnFeature
  /** The name in reasons and tables. */
  readonly name: string
  /** The configured feature that the column belongs to. */
  readonly of: Feature
  /** Index in `Fields.numbers` or `Fields.categories`. */
  readonly at: number
}

/**
 * Maps a feature list to the columns of `Fields`, in the list's order: numeric, cyclic and windowed features are numbers,
 * categorical and boolean ones categories. A text becomes several columns: its length on a log scale, the shares of digits, capitals,
 * punctuation, blanks and distinct characters, and its shape, which is a category.
 */
export function columnsOf(features: readonly Feature[]): readonly Column[] {
  const columns = COLUMNS.get(features) ?? listColumns(features)
  COLUMNS.set(features, columns)
  return columns
}

/** Kept, because an explanation needs the columns of a model's features several times. */
const COLUMNS = new WeakMap<readonly Feature[], readonly Column[]>()

function listColumns(features: readonly Feature[]): readonly Column[] {
  let numbers = 0
  let categories = 0
  return features.flatMap((of) =>
    plainFeatures(of).map((feature): Column => {
      const name = featureName(feature)
      return isCategory(feature)
        ? { kind: 'category', name, of, feature, at: categories++ }
        : { kind: 'number', name, of, feature, at: numbers++ }
    }),
  )
}

export function numberColumnsOf(features: readonly Feature[]): readonly NumberFieldColumn[] {
  return columnsOf(features).filter((column) => column.kind === 'number')
}

export function categoryColumnsOf(features: readonly Feature[]): readonly CategoryFieldColumn[] {
  return columnsOf(features).filter((column) => column.kind === 'category')
}

function isCategory(feature: PlainFeature): feature is CategoryFeature {
  return feature.type === 'categorical' || feature.type === 'boolean'
}

function plainFeatures(feature: Feature): readonly PlainFeature[] {
  if (feature.type !== 'text') return [feature]
  const { path, optional } = feature
  const named = (part: string) => ({ path, optional, name: `${featureName(feature)} ${part}` })
  return [
    ...TEXT_MEASURES.map((measure): PlainFeature => {
      const scale = measure === 'length' ? ({ scale: 'log' } as const) : {}
      return { ...named(measure), type: 'numeric', ...scale }
    }),
    { ...named('shape'), type: 'categorical' },
  ]
}
