import { decodeFields, decodeRecords, encodeContext, sampleCategories } from '@outflow/encoding'
import { sampleFlow } from '@outflow/flow'
import type { Fields } from '@outflow/records/fields'
import type { Model } from './artefact.js'

type Sampled = Pick<Model, 'encoder' | 'flow'>

/** Synthetic normal records with the input's own fields; the same seed gives the same records. */
export async function sampleRecords(model: Sampled, count: number, seed: number): Promise<Record<string, unknown>[]> {
  const { ids, rows } = await draw(model, count, seed)
  return decodeRecords(model.encoder, ids, rows, count)
}

/** The fields of `sampleRecords`, with windowed features and measures of texts, which a record does not contain. */
export async function sampleFields(model: Sampled, count: number, seed: number): Promise<Fields[]> {
  const { ids, rows } = await draw(model, count, seed)
  return decodeFields(model.encoder, ids, rows, count)
}

async function draw({ encoder, flow }: Sampled, count: number, seed: number) {
  const ids = sampleCategories(encoder.tree, count, seed)
  const context = encodeContext(encoder, ids, count)
  const rows = flow === null ? NO_ROWS : await sampleFlow(flow, { context, count, seed })
  return { ids, rows }
}

/** The rows if every feature is categorical. */
const NO_ROWS = new Float32Array(0)
