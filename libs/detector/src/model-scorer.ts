import { type Encoder, encodeBatch, type Fields } from '@outflow/encoding'
import { type FlowState, openScorer } from '@outflow/flow'

/** Encoder and flow together: records in, negative log-likelihoods out. */
export interface ModelScorer {
  score(batch: readonly Fields[]): Promise<{
    /** [count], nats */
    readonly nll: Float64Array
    readonly unseenValues: number
    readonly missingValues: number
  }>
  close(): Promise<void>
}

/** [count] nats; −log p of each record. */
export type Nll = (batch: readonly Fields[]) => Promise<Float64Array>

/** Larger batches are scored in parts: the flow's layers hold 64 numbers a row, and more do not stay in the cache. */
const ROWS_AT_ONCE = 4096

/** @param flow  null where every feature is categorical: p(c) is then all there is */
export async function openModelScorer(encoder: Encoder, flow: FlowState | null): Promise<ModelScorer> {
  const scorer = flow === null ? null : await openScorer(flow)
  return {
    score: async (batch) => {
      const nll = new Float64Array(batch.length)
      let unseenValues = 0
      let missingValues = 0
      for (let from = 0; from < batch.length; from += ROWS_AT_ONCE) {
        const part = encodeBatch(encoder, batch.slice(from, from + ROWS_AT_ONCE))
        const ofNumbers = await scorer?.nll(part.rows, part.context, part.count)
        for (let row = 0; row < part.count; row++) nll[from + row] = part.beside[row]! + (ofNumbers?.[row] ?? 0)
        unseenValues += part.unseen
        missingValues += part.missing
      }
      return { nll, unseenValues, missingValues }
    },
    close: async () => scorer?.close(),
  }
}
