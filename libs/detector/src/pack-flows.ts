import { checkFlow, type FlowSpec, type FlowState } from '@outflow/flow'
import { type Tensor, tensorsUnder } from './safetensors.js'

/** A flow's share of a header. */
interface FlowHeader {
  readonly spec: FlowSpec
  readonly shapes: Readonly<Record<string, readonly number[]>>
}

/**
 * Lays flows out as tensors and texts in JSON: `flow_spec` of the first, null where there is none, its `flow_shapes`, and
 * `further_flows`, the headers of the others, where there are some. A model of one flow has none of these.
 */
export function packFlows(flows: readonly FlowState[]): {
  texts: Record<string, string>
  tensors: Map<string, Tensor>
} {
  const tensors = new Map<string, Tensor>()
  const headers = flows.map(({ spec, weights }, at): FlowHeader => {
    for (const [name, { data }] of weights) tensors.set(prefixOf(at) + name, data)
    return { spec, shapes: Object.fromEntries(Array.from(weights, ([name, { shape }]) => [name, shape])) }
  })
  const [first, ...further] = headers
  const texts = { flow_spec: JSON.stringify(first?.spec ?? null), flow_shapes: JSON.stringify(first?.shapes ?? {}) }
  return { texts: further.length > 0 ? { ...texts, further_flows: JSON.stringify(further) } : texts, tensors }
}

/**
 * Puts flows together again.
 *
 * @throws {ShapeError} when the tensors do not fit a spec
 */
export function unpackFlows(
  { flow_spec, flow_shapes, further_flows = '[]' }: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): FlowState[] {
  const spec = JSON.parse(flow_spec!) as FlowSpec | null
  if (spec === null) return []
  const first: FlowHeader = { spec, shapes: JSON.parse(flow_shapes!) as FlowHeader['shapes'] }
  const further = JSON.parse(further_flows) as FlowHeader[]
  return [first, ...further].map((header, at) => flowOf(header, tensorsUnder(prefixOf(at), tensors)))
}

function flowOf({ spec, shapes }: FlowHeader, tensors: ReadonlyMap<string, Tensor>): FlowState {
  const weights = Array.from(
    tensors,
    ([name, data]) => [name, { shape: shapes[name]!, data: data as Float32Array }] as const,
  )
  return checkFlow({ spec, weights: new Map(weights) })
}

const prefixOf = (at: number): string => (at === 0 ? 'flow.' : `flow${at + 1}.`)
