import type { AnomalyDetail } from '../../api/types.js'
import { Time } from '../../parts/index.js'
import { spanBetween } from '../../state/filters.js'
import { may, withPipeline } from '../../state/session.js'
import { hideLike } from '../suppressions/rule-inputs.js'

/** Span before and after it: an hour. */
const NEAR_MS = 3_600_000

/** Whether and how the alert was sent, with links to anomalies at the same time and to a rule that hides such alerts. */
export function AlertPanel({ anomaly }: { anomaly: AnomalyDetail }) {
  const { recordTime, alert } = anomaly
  const near = spanBetween(Date.parse(recordTime) - NEAR_MS, Date.parse(recordTime) + NEAR_MS)
  return (
    <section aria-labelledby="alert" class="panel">
      <h2 id="alert">Alert</h2>
      <p>{unsentInWords(alert.unsent)}</p>
      {alert.deliveries.length > 0 && (
        <ul class="plain-list">
          {alert.deliveries.map(({ webhook, state, attempts, failure, at: when }) => (
            <li key={webhook}>
              <b>{webhook}</b>: {state}
              {attempts > 1 && `, ${attempts} attempts`} <Time at={when} ago />
              {failure !== null && state !== 'delivered' && <span class="quiet"> {failure}</span>}
            </li>
          ))}
        </ul>
      )}
      <p class="row">
        <a href={withPipeline('/', near)}>What else happened then</a>
        {may('operator') && <a href={hideLike(anomaly)}>Hide alerts like this</a>}
      </p>
    </section>
  )
}

function unsentInWords(unsent: AnomalyDetail['alert']['unsent']): string {
  if (unsent === null) return 'Not held back: it is sent to the topic of alerts.'
  const { because, ruleId, ruleWhy, groupId } = unsent
  if (because === 'rule') return `Hidden by rule ${ruleId}${ruleWhy === null ? '' : `: ${ruleWhy}`}.`
  if (because === 'cooldown') return 'Not sent: its key had an alert shortly before (cool-down).'
  if (because === 'provisional') return 'Not sent: it was found by a provisional model.'
  return `In the group ${groupId ?? ''}, which is sent when it closes.`
}
