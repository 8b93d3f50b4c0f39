import { checkFlow, type FlowSpec, type FlowState, type Tensor } from '@outflow/flow'

/** Flow as tensors and its spec in JSON: `flow_spec`, null if there is no flow. */
export function packFlow(flow: FlowState | null) {
  return {
    texts: { flow_spec: JSON.stringify(flow?.spec ?? null) },
    tensors: new Map<string, Tensor>(Array.from(flow?.weights ?? [], ([name, tensor]) => [PREFIX + name, tensor])),
  }
}

/**
 * Flow from its tensors and texts.
 *
 * @throws {ShapeError} when the tensors do not fit the spec
 */
export function unpackFlow(
  { flow_spec }: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): FlowState | null {
  const spec = JSON.parse(flow_spec!) as FlowSpec | null
  if (spec === null) return null
  return checkFlow({ spec, weights: tensorsUnder(PREFIX, tensors) as FlowState['weights'] })
}

/** The tensors whose names begin with a prefix, by the rest of their names. */
export function tensorsUnder(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const under = Array.from(tensors).filter(([name]) => name.startsWith(prefix))
  return new Map(under.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}

const PREFIX = 'flow.'
