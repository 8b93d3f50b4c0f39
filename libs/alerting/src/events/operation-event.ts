import { OPERATION_EVENT_TYPE, type OperationEvent } from '@outflow/contracts'
import { cloudEvent } from './cloud-event.js'

/** What an event states about a pipeline condition. */
interface AlertedOperation extends Pick<OperationEvent['data'], 'kind' | 'detail' | 'modelId'> {
  readonly id: string
  readonly begunAt: Date
  readonly endedAt: Date | null
}

/** The event of a pipeline condition that has begun or ended. */
export function operationEvent(
  { id, kind, detail, modelId, begunAt, endedAt }: AlertedOperation,
  status: OperationEvent['data']['status'],
  pipeline: string,
): OperationEvent {
  const event = cloudEvent({
    type: OPERATION_EVENT_TYPE,
    id: `${pipeline}/operations/${id}/${status}`,
    subject: kind,
    timeMs: (endedAt ?? begunAt).getTime(),
    data: {
      pipeline,
      kind,
      status,
      detail,
      modelId,
      begunAt: begunAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    },
  })
  return { ...event, subject: kind }
}
