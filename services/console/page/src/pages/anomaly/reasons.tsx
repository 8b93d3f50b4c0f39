import type { AnomalyDetail, Reason } from '../../api/types.js'
import { hasTrack, RangeTrack } from '../../parts/range-track.js'
import { formatAmount, formatValue } from '../../words/format.js'
import { barLengths } from '../../words/range.js'

/** Below this many bits a value is no odder than one in sixteen: nothing to point at. */
const MAIN_REASON_BITS = 4

export const isMainReason = ({ bits }: Reason): boolean => bits >= MAIN_REASON_BITS

/** Each field's share as a bar, and its value against the normal range. */
export function Reasons({ anomaly }: { anomaly: AnomalyDetail }) {
  const { reasons, counterfactual, unexplainable } = anomaly
  const { shares, isLog } = barLengths(reasons.map(({ bits }) => bits))
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why</h2>
      {reasons.length === 0 ? (
        <p class="quiet">No reasons can be computed: {unexplainable}</p>
      ) : (
        <ol class="reasons">
          {reasons.map((reason, i) => (
            <OneReason key={reason.field} reason={reason} share={shares[i]!} />
          ))}
        </ol>
      )}
      <p class="quiet small" hidden={reasons.length === 0}>
        Bits: how much less surprising the record would be with the likeliest value in that field
        {isLog && '; the bars are on a logarithmic scale'}.
      </p>
      {counterfactual !== null && (
        <div class="counterfactual">
          <h3>Counterfactual</h3>
          <table>
            <thead>
              <tr>
                <th scope="col">field</th>
                <th scope="col">here</th>
                <th scope="col">normal</th>
              </tr>
            </thead>
            <tbody>
              {counterfactual.changes.map(({ field, from, to }) => (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  <td>
                    <del>{formatValue(from)}</del>
                  </td>
                  <td>
                    <ins>{formatValue(to)}</ins>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="quiet small">
            With {counterfactual.changes.length === 1 ? 'that change' : 'those changes'} it would score{' '}
            {formatAmount(counterfactual.nll)} nats instead of {formatAmount(anomaly.nll)}.
          </p>
        </div>
      )}
    </section>
  )
}

function OneReason({ reason, share }: { reason: Reason; share: number }) {
  return (
    <li>
      <div class="reason-line">
        <b class="field">{reason.field}</b>
        <span class="bar" aria-hidden="true">
          <i style={{ width: `${(share * 100).toFixed(1)}%` }} />
        </span>
        <span class="number">{formatAmount(reason.bits)} bits</span>
      </div>
      <p class="reason-values">
        <span class={`observed ${isMainReason(reason) ? 'unusual' : ''}`}>{formatValue(reason.observed)}</span>
        <span class="quiet"> expected </span>
        <span>{formatValue(reason.expected)}</span>
      </p>
      {hasTrack(reason) && <RangeTrack observed={reason.observed} range={reason.range} />}
    </li>
  )
}
