import { type AlertBucket, GROUP_EVENT_TYPE, type GroupEvent } from '@outflow/contracts'
import { groupId } from '../bucket.js'
import { cloudEvent, surpriseBits, timeText } from './cloud-event.js'
import { listUrl } from './console-url.js'

/**
 * Returns the CloudEvent about the alerts that a bucket grouped; its id derives from that of the first one.
 *
 * @param bucket      has grouped at least one alert, and is not a cool-down
 * @param consoleUrl  undefined: the event has no link
 */
export function groupEvent(bucket: AlertBucket, pipeline: string, consoleUrl?: string): GroupEvent {
  const { kind, subject, count, sent, examples, firstAtMs, lastAtMs } = bucket
  const key = kind === 'key' ? subject : null
  const reason = kind === 'reason' ? reasonOf(subject) : null
  return cloudEvent({
    type: GROUP_EVENT_TYPE,
    id: groupId(bucket),
    subject: key,
    timeMs: lastAtMs!,
    data: {
      pipeline,
      by: kind as GroupEvent['data']['by'],
      key,
      reason,
      count,
      sent,
      severity: bucket.severity!,
      firstDetectedAt: timeText(firstAtMs!),
      lastDetectedAt: timeText(lastAtMs!),
      ...(consoleUrl !== undefined && { url: listUrl(consoleUrl, { pipeline, key, field: reason?.field }) }),
      examples: examples.map(({ eventTimeMs, pValue, ...example }) => ({
        ...example,
        time: timeText(eventTimeMs),
        pValue,
        surpriseBits: surpriseBits(pValue),
      })),
      text: `${count} ${count === 1 ? 'anomaly' : 'anomalies'} ${shared(bucket)}${leastLikely(bucket)}`,
    },
  })
}

function reasonOf(subject: string): NonNullable<GroupEvent['data']['reason']> {
  const [field, direction] = JSON.parse(subject)
  return { field, direction }
}

function shared({ kind, subject, sent }: AlertBucket): string {
  const besides = sent > 0 ? `, besides ${sent} sent earlier` : ''
  if (kind === 'key') return `of ${subject}${besides}`
  if (kind === 'quiet') return 'in quiet hours'
  const { field, direction } = reasonOf(subject)
  return `whose ${field} is ${direction === null ? 'odd' : `${direction} the expected`}${besides}`
}

const leastLikely = ({ examples: [first] }: AlertBucket): string =>
  first?.reason ? `; the least likely: ${first.reason}` : ''
