import { checkFlow, type FlowSpec, type FlowState } from '@outflow/flow'
import { type Tensor, tensorsUnder } from './safetensors.js'

/** Flow as tensors and texts in JSON: `flow_spec`, null where there is no flow, and `flow_shapes`. */
export function packFlow(flow: FlowState | null) {
  const weights = [...(flow?.weights ?? [])]
  const shapes = Object.fromEntries(weights.map(([name, { shape }]) => [name, shape]))
  return {
    texts: { flow_spec: JSON.stringify(flow?.spec ?? null), flow_shapes: JSON.stringify(shapes) },
    tensors: new Map<string, Tensor>(weights.map(([name, { data }]) => [PREFIX + name, data])),
  }
}

/**
 * Flow from its tensors and texts.
 *
 * @throws {ShapeError} when the tensors do not fit the spec
 */
export function unpackFlow(
  { flow_spec, flow_shapes }: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): FlowState | null {
  const spec = JSON.parse(flow_spec!) as FlowSpec | null
  if (spec === null) return null
  const shapes = JSON.parse(flow_shapes!) as Readonly<Record<string, readonly number[]>>
  const weights = Array.from(
    tensorsUnder(PREFIX, tensors),
    ([name, data]) => [name, { shape: shapes[name]!, data: data as Float32Array }] as const,
  )
  return checkFlow({ spec, weights: new Map(weights) })
}

const PREFIX = 'flow.'
