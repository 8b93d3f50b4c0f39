import { type Encoder, encodeTable } from '@outflow/encoding'
import { type FlowState, openScorer } from '@outflow/flow'
import { type Fields, type FieldTable, packFields, tablePart } from '@outflow/records/fields'
import { batchNllCalls, type NllOfRows } from './nll-batching.js'

export interface ModelScores {
  /** [count]; −log p(c) − log p(x | c), nats */
  readonly nll: Float64Array
  /** Number of category values in the batch that training did not see. */
  readonly unseenValues: number
  /** Number of missing values in the batch. */
  readonly missingValues: number
}

/** Encoder and flow together: records in, negative log-likelihoods out. */
export interface TableScorer {
  score(table: FieldTable): Promise<ModelScores>
  close(): Promise<void>
}

/** [count] nats; −log p of each record. */
export type Nll = (batch: readonly Fields[]) => Promise<Float64Array>

export const nllBy =
  (score: TableScorer['score']): Nll =>
  async (batch) =>
    (await score(packFields(batch))).nll

/** Larger batches are scored in parts: the layers of the flow would not fit in the cache. */
const ROWS_AT_ONCE = 4096

/** @param flow  null if every feature is categorical; the score is then −log p(c) */
export async function openTableScorer(
  encoder: Encoder,
  flow: FlowState | null,
): Promise<TableScorer & { readonly scoreRoughly: TableScorer['score'] }> {
  const scorer = flow === null ? null : await openScorer(flow)
  return {
    score: scoreBy(encoder, scorer === null ? undefined : batchNllCalls(scorer.nll)),
    scoreRoughly: scoreBy(encoder, scorer?.roughNll),
    close: async () => scorer?.close(),
  }
}

function scoreBy(encoder: Encoder, nllOfNumbers: NllOfRows | undefined): TableScorer['score'] {
  return async (table) => {
    const nll = new Float64Array(table.count)
    let unseenValues = 0
    let missingValues = 0
    for (let from = 0; from < table.count; from += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, table.count - from)
      const part = encodeTable(encoder, tablePart(table, from, from + count))
      const ofNumbers = await nllOfNumbers?.(part.rows, part.context, count)
      for (let row = 0; row < count; row++) nll[from + row] = part.addedNll[row]! + (ofNumbers?.[row] ?? 0)
      unseenValues += part.unseen
      missingValues += part.missing
    }
    return { nll, unseenValues, missingValues }
  }
}
