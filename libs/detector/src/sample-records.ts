import { contextDim, decodeRecords, type Encoder, encodeContext, rowDim, sampleCategories } from '@outflow/encoding'
import { type FlowState, sampleFlow } from '@outflow/flow'
import type { Model } from './artefact.js'

/** Synthetic normal records with the input's own fields; the same seed gives the same records. */
export async function sampleRecords({ encoder, flows }: Pick<Model, 'encoder' | 'flows'>, count: number, seed: number) {
  const ids = sampleCategories(encoder.tree, count, seed)
  const rows = await sampleRows(flows, encoder, ids, { count, seed })
  return decodeRecords(encoder, ids, rows, count)
}

/** The flows take turns, which gives rows of their mean density. @returns [count, dim] */
async function sampleRows(
  flows: readonly FlowState[],
  encoder: Encoder,
  ids: Int32Array,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Float32Array> {
  const [dim, width] = [rowDim(encoder), contextDim(encoder)]
  const context = encodeContext(encoder, ids, count)
  const rows = new Float32Array(count * dim)
  for (const [turn, flow] of flows.entries()) {
    const own: number[] = []
    for (let row = turn; row < count; row += flows.length) own.push(row)
    if (own.length === 0) continue
    const given = new Float32Array(own.length * width)
    for (const [at, row] of own.entries()) given.set(context.subarray(row * width, (row + 1) * width), at * width)
    const drawn = await sampleFlow(flow, { context: given, count: own.length, seed })
    for (const [at, row] of own.entries()) rows.set(drawn.subarray(at * dim, (at + 1) * dim), row * dim)
  }
  return rows
}
