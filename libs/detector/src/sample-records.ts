import { decodeRecords, encodeContext, sampleCategories } from '@outflow/encoding'
import { sampleFlow } from '@outflow/flow'
import type { Model } from './artefact.js'

/** Synthetic normal records with the input's own fields; the same seed gives the same records. */
export async function sampleRecords({ encoder, flow }: Pick<Model, 'encoder' | 'flow'>, count: number, seed: number) {
  const ids = sampleCategories(encoder.tree, count, seed)
  const context = encodeContext(encoder, ids, count)
  const rows = flow === null ? NO_ROWS : await sampleFlow(flow, { context, count, seed })
  return decodeRecords(encoder, ids, rows, count)
}

/** The rows if every feature is categorical. */
const NO_ROWS = new Float32Array(0)
