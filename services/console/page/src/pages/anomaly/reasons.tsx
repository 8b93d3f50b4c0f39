import { reasonPercents } from '@outflow/contracts/wording'
import type { AnomalyDetail, Reason } from '../../api/types.js'
import { RangeTrack, Table } from '../../parts/index.js'
import { formatValue } from '../../words/format.js'

/** Below this many bits a value is no rarer than one in sixteen, and is not highlighted. */
const MAIN_REASON_BITS = 4

export const isMainReason = ({ bits }: Reason): boolean => bits >= MAIN_REASON_BITS

/** Each field's share as a bar, and its value against the normal range. */
export function Reasons({ anomaly }: { anomaly: AnomalyDetail }) {
  const { reasons, counterfactual, unexplainable } = anomaly
  const percents = reasonPercents(reasons)
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why</h2>
      {reasons.length === 0 ? (
        <p class="quiet">No reasons can be computed: {unexplainable}</p>
      ) : (
        <ol class="reasons">
          {reasons.map((reason, i) => (
            <OneReason key={reason.field} reason={reason} percent={percents[i]!} />
          ))}
        </ol>
      )}
      <p class="quiet small" hidden={reasons.length === 0}>
        The share of each field in what makes the record improbable.
      </p>
      {counterfactual !== null && (
        <div class="counterfactual">
          <h3>Counterfactual</h3>
          <Table
            columns={[
              { name: 'field', kind: 'detail', of: ({ field }) => field },
              { name: 'here', of: ({ from }) => <del>{formatValue(from)}</del> },
              { name: 'normal', of: ({ to }) => <ins>{formatValue(to)}</ins> },
            ]}
            rows={counterfactual.changes}
            keyOf={({ field }) => field}
          />
        </div>
      )}
    </section>
  )
}

function OneReason({ reason, percent }: { reason: Reason; percent: number }) {
  return (
    <li>
      <div class="reason-line">
        <b class="field">{reason.field}</b>
        <span class="bar" aria-hidden="true">
          <i style={{ width: `${percent}%` }} />
        </span>
        <span class="number">{percent} %</span>
      </div>
      <p class="reason-values">
        <span class={`observed ${isMainReason(reason) ? 'unusual' : ''}`}>{formatValue(reason.observed)}</span>
        <span class="quiet"> expected </span>
        <span>{formatValue(reason.expected)}</span>
      </p>
      <RangeTrack observed={reason.observed} range={reason.range} />
    </li>
  )
}
