import { type Encoder, encodeTable } from '@outflow/encoding'
import { type FlowState, openScorer } from '@outflow/flow'
import { type Fields, type FieldTable, packFields, tablePart } from '@outflow/records'
import { meanDensity } from './mean-density.js'
import { batchNllCalls, type NllOfRows } from './nll-batching.js'

/** Encoder and flows together: records in, negative log-likelihoods out. */
export interface ModelScorer {
  score(batch: readonly Fields[]): Promise<ModelScores>
  close(): Promise<void>
}

export interface ModelScores {
  /** [count], nats */
  readonly nll: Float64Array
  readonly unseenValues: number
  readonly missingValues: number
}

/** The same for records that were packed already. */
export interface TableScorer {
  score(table: FieldTable): Promise<ModelScores>
  close(): Promise<void>
}

/** [count] nats; −log p of each record. */
export type Nll = (batch: readonly Fields[]) => Promise<Float64Array>

/** Larger batches are scored in parts: the flow's layers hold 64 numbers a row, and more do not stay in the cache. */
const ROWS_AT_ONCE = 4096

/** @param flows  whose mean density it is; none where every feature is categorical: p(c) is then all there is */
export async function openModelScorer(encoder: Encoder, flows: readonly FlowState[]): Promise<ModelScorer> {
  const { score, close } = await openTableScorer(encoder, flows)
  return { score: (batch) => score(packFields(batch)), close }
}

/** @param flows  as above */
export async function openTableScorer(
  encoder: Encoder,
  flows: readonly FlowState[],
): Promise<TableScorer & { readonly scoreRoughly: TableScorer['score'] }> {
  const scorers = await Promise.all(flows.map(openScorer))
  const hasNumbers = scorers.length > 0
  return {
    score: scoreBy(encoder, hasNumbers ? batchNllCalls(meanDensity(scorers.map(({ nll }) => nll))) : undefined),
    scoreRoughly: scoreBy(encoder, hasNumbers ? meanDensity(scorers.map(({ roughNll }) => roughNll)) : undefined),
    close: async () => {
      for (const scorer of scorers) await scorer.close()
    },
  }
}

function scoreBy(encoder: Encoder, nllOfNumbers: NllOfRows | undefined): TableScorer['score'] {
  return async (table) => {
    const nll = new Float64Array(table.count)
    let unseenValues = 0
    let missingValues = 0
    for (let from = 0; from < table.count; from += ROWS_AT_ONCE) {
      const to = Math.min(from + ROWS_AT_ONCE, table.count)
      const part = encodeTable(encoder, tablePart(table, from, to))
      const ofNumbers = await nllOfNumbers?.(part.rows, part.context, part.count)
      for (let row = 0; row < part.count; row++) nll[from + row] = part.addedNll[row]! + (ofNumbers?.[row] ?? 0)
      unseenValues += part.unseen
      missingValues += part.missing
    }
    return { nll, unseenValues, missingValues }
  }
}
