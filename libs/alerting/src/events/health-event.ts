import { HEALTH_EVENT_TYPE, type HealthEvent, type StoredHealthEvent } from '@outflow/contracts'
import { cloudEvent } from './cloud-event.js'
import { healthUrl } from './console-url.js'

/** The event of a pipeline condition that has begun, ended or happened. @param consoleUrl  undefined: the event has no link */
export function healthEvent(
  { id, kind, status, detail, modelId, begunAt, endedAt }: StoredHealthEvent & Pick<HealthEvent['data'], 'status'>,
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
