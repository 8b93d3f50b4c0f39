import { ALERT_CONTENT_TYPE, OPERATION_EVENT_TYPE, type OperationEvent } from '@outflow/contracts'
import type { Operation, OperationStatus } from '@outflow/store/operations'
import type { OutboxMessage } from '@outflow/store/outbox'

/** Gives what is sent about an operation: a CloudEvent in structured JSON, keyed by the pipeline so that order holds. */
export function operationMessage(
  operation: Operation,
  status: OperationStatus,
  { pipeline, topic }: { readonly pipeline: string; readonly topic: string },
): OutboxMessage {
  const { id, kind, detail, modelId, begunAt, endedAt } = operation
  const event: OperationEvent = {
    specversion: '1.0',
    type: OPERATION_EVENT_TYPE,
    id: `${pipeline}/operations/${id}/${status}`,
    source: `/outflow/${pipeline}`,
    subject: kind,
    time: (endedAt ?? begunAt).toISOString(),
    datacontenttype: 'application/json',
    data: {
      pipeline,
      kind,
      status,
      detail,
      modelId,
      begunAt: begunAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    },
  }
  return {
    kind: 'operation',
    topic,
    key: Buffer.from(pipeline),
    payload: Buffer.from(JSON.stringify(event)),
    headers: [['content-type', ALERT_CONTENT_TYPE]],
  }
}
