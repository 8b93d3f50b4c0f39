import type { Reason } from '@outflow/contracts'
import {
  categoryAlternatives,
  categoryNll,
  type Encoder,
  encodeBatch,
  numberOf,
  usualNumber,
  withCategory,
  withNumber,
} from '@outflow/encoding'
import { categoryColumnsOf, type Fields } from '@outflow/records'
import { argMin, toBits } from './bits.js'
import type { Nll } from './model-scorer.js'
import { show } from './reason-text.js'

/**
 * Says of many records at once which fields make them improbable, by one value a field instead of all that it might have
 * had: a number's usual value among the record's categories, a category's likeliest by the counts. One call of the scorer
 * for all of them, a row a field.
 *
 * @param own  [batch]; the records' NLLs, nats
 * @returns for each record the reasons that carry a tenth of the largest surprise, the most bits first, marked `brief`
 */
export async function explainBriefly(
  encoder: Encoder,
  nll: Nll,
  batch: readonly Fields[],
  own: ArrayLike<number>,
): Promise<Reason[][]> {
  const asked = batch.map((fields) => alternatives(encoder, fields))
  const scores = await nll(asked.flatMap((each) => each.map(({ fields }) => fields)))
  let at = 0
  return asked.map((each, index) => {
    const reasons = each.map(({ reason }) => ({ ...reason, bits: toBits(own[index]! - scores[at++]!) }))
    const sorted = reasons.sort((a, b) => b.bits - a.bits)
    return sorted.filter(({ bits }, place) => place === 0 || (bits >= 1 && bits >= TENTH * sorted[0]!.bits))
  })
}

const TENTH = 0.1
/** A category's values that the counts are asked about. */
const MOST_VALUES = 16

interface Alternative {
  readonly fields: Fields
  readonly reason: Omit<Reason, 'bits'>
}

function alternatives(encoder: Encoder, fields: Fields): Alternative[] {
  const { ids } = encodeBatch(encoder, [fields])
  const numbers = encoder.numbers.map((column, j): Alternative => {
    const usual = usualNumber(encoder, ids, j)
    const observed = numberOf(encoder, fields, j)
    const shown = (x: number) => {
      if (Number.isNaN(x)) return null
      return column.cycle === null ? x : show(column, x)
    }
    const value = Number.isNaN(observed) ? 'missing' : show(column, observed)
    return {
      fields: withNumber(encoder, fields, j, usual),
      reason: reasonOf(column.name, shown(observed), shown(usual), `${value} instead of about ${show(column, usual)}`),
    }
  })
  const categories = categoryColumnsOf(encoder.features).map(({ name, at: k }): Alternative => {
    const values = categoryAlternatives(encoder, ids, k).slice(0, MOST_VALUES)
    const known = encoder.tree.vocabularies[k]!.ids
    const counted = values.map((value) => categoryNll(encoder.tree, ids.with(k, known.get(value)!), 0))
    const likeliest = values[argMin(Float64Array.from(counted))]
    const [observed, expected] = [fields.categories[k]!, likeliest ?? null]
    return {
      fields: withCategory(fields, k, expected),
      reason: reasonOf(name, observed, expected, `${observed ?? 'missing'} where ${expected ?? 'none'} is likelier`),
    }
  })
  return [...numbers, ...categories]
}

function reasonOf(
  field: string,
  observed: Reason['observed'],
  expected: Reason['expected'],
  text: string,
): Omit<Reason, 'bits'> {
  return { field, observed, expected, range: null, kind: 'brief', text: `${field} ${text}` }
}
