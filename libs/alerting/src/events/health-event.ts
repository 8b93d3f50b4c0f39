import { HEALTH_EVENT_TYPE, type HealthEvent } from '@outflow/contracts'
import { cloudEvent } from './cloud-event.js'
import { healthUrl } from './console-url.js'

/** The fields of a pipeline condition that its event contains. */
interface HealthEventFields extends Pick<HealthEvent['data'], 'kind' | 'detail' | 'modelId'> {
  readonly id: string
  readonly begunAt: Date
  readonly endedAt: Date | null
}

/** The event of a pipeline condition that has begun, ended or happened. @param consoleUrl  undefined: the event has no link */
export function healthEvent(
  { id, kind, detail, modelId, begunAt, endedAt }: HealthEventFields,
  status: HealthEvent['data']['status'],
  pipeline: string,
  consoleUrl?: string,
): HealthEvent {
  const event = cloudEvent({
    type: HEALTH_EVENT_TYPE,
    id: `${pipeline}/health/${id}/${status}`,
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
      ...(consoleUrl !== undefined && { url: healthUrl(consoleUrl, pipeline) }),
    },
  })
  return { ...event, subject: kind }
}
