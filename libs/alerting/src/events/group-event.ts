import { type AlertWindow, GROUP_EVENT_TYPE, type GroupEvent } from '@outflow/contracts'
import { groupId } from '../window.js'
import { cloudEvent, surpriseBits, timeText } from './cloud-event.js'

/**
 * Gives what is sent about the alerts that a window gathered: a CloudEvent whose id is made of the first one's.
 *
 * @param window  one that gathered something, and is no cool-down
 */
export function groupEvent(window: AlertWindow, pipeline: string): GroupEvent {
  const { kind, subject, count, sent, examples, firstAtMs, lastAtMs } = window
  const key = kind === 'key' ? subject : null
  const reason = kind === 'reason' ? reasonOf(subject) : null
  return cloudEvent({
    type: GROUP_EVENT_TYPE,
    id: groupId(window),
    subject: key,
    timeMs: lastAtMs!,
    data: {
      pipeline,
      by: kind as GroupEvent['data']['by'],
      key,
      reason,
      count,
      sent,
      severity: window.severity!,
      firstDetectedAt: timeText(firstAtMs!),
      lastDetectedAt: timeText(lastAtMs!),
      examples: examples.map(({ eventTimeMs, pValue, ...example }) => ({
        ...example,
        time: timeText(eventTimeMs),
        pValue,
        surpriseBits: surpriseBits(pValue),
      })),
      text: `${count} ${count === 1 ? 'anomaly' : 'anomalies'} ${shared(window)}${strangest(window)}`,
    },
  })
}

function reasonOf(subject: string): NonNullable<GroupEvent['data']['reason']> {
  const [field, direction] = JSON.parse(subject)
  return { field, direction }
}

function shared({ kind, subject, sent }: AlertWindow): string {
  const besides = sent > 0 ? `, besides ${sent} sent earlier` : ''
  if (kind === 'key') return `of ${subject}${besides}`
  if (kind === 'quiet') return 'in quiet hours'
  const { field, direction } = reasonOf(subject)
  return `whose ${field} is ${direction === null ? 'odd' : `${direction} the expected`}${besides}`
}

const strangest = ({ examples: [first] }: AlertWindow): string =>
  first?.reason ? `; the strangest: ${first.reason}` : ''
