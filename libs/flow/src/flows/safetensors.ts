import { createRequire } from 'node:module'
import { ShapeError, WeightsForeign, WeightsVersionUnknown } from '../errors.js'
import { checkFlow } from './flow-parts.js'
import type { FlowSpec, FlowState, Weights } from './flow-state.js'
import { openTensorFile, writeTensorFile } from './tensor-file.js'

/**
 * A flow as a safetensors file. `__metadata__` carries `format`, `version`, `writer` (the version of this package), `spec` (JSON) and `sha256`.
 * The same flow gives the same bytes.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 */
export function encodeSafetensors(flow: FlowState): Uint8Array {
  checkFlow(flow)
  const metadata = { format: FORMAT, version: String(VERSION), writer: WRITER, spec: JSON.stringify(flow.spec) }
  return writeTensorFile(metadata, new Map([...flow.weights].sort(([a], [b]) => (a < b ? -1 : 1))))
}

/**
 * The flow of a safetensors file that `encodeSafetensors` wrote.
 *
 * @throws {WeightsForeign} when the bytes are not a safetensors file, or one without a flow
 * @throws {WeightsVersionUnknown} when a later outflow wrote it: in another format, or a kind of flow or weights unknown here
 * @throws {WeightsDamaged} when it is truncated or its SHA-256 does not match
 */
export function decodeSafetensors(bytes: Uint8Array): FlowState {
  const { metadata, readTensors } = openTensorFile(bytes)
  if (metadata.format !== FORMAT) {
    throw new WeightsForeign(`a flow file has the format ${FORMAT}; this safetensors file has another`)
  }
  const writer = String(metadata.writer)
  if (Number(metadata.version) !== VERSION) {
    throw later(writer, `its format is ${metadata.version}, and this version reads ${VERSION}`)
  }
  try {
    const weights = readTensors() as Weights
    return checkFlow({ spec: JSON.parse(String(metadata.spec)) as FlowSpec, weights })
  } catch (error: unknown) {
    // The checksum matches, so content that cannot be read was written by a later version.
    throw error instanceof ShapeError || error instanceof SyntaxError ? later(writer, error.message, error) : error
  }
}

function later(writer: string, why: string, cause: unknown = undefined): WeightsVersionUnknown {
  const message = `flow ${writer} wrote these weights, and ${WRITER} cannot read them: ${why}; update outflow, or fit the flow again`
  return new WeightsVersionUnknown(message, { values: { writer, reader: WRITER }, cause })
}

const FORMAT = 'outflow-flow'
const VERSION = 1
const { version: WRITER }: { version: string } = createRequire(import.meta.url)('../../package.json')
