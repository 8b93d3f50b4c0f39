import type { AnomalyDetail } from '../../api/types.js'
import { Fact } from '../../parts/index.js'
import { formatAmount, formatPValue } from '../../words/format.js'

/** The exact numbers, by their names in SQL and the API. */
export function ScoreDetails({ anomaly }: { anomaly: AnomalyDetail }) {
  const { pValue, pUpper, nll, reasons, counterfactual } = anomaly
  return (
    <details>
      <summary>Scores in numbers</summary>
      <dl class="facts">
        <Fact name="p-value">
          {formatPValue(pValue)}
          <small> at most {formatPValue(pUpper)}</small>
        </Fact>
        <Fact name="negative log-likelihood">{formatAmount(nll)} nats</Fact>
        {counterfactual !== null && <Fact name="of the counterfactual">{formatAmount(counterfactual.nll)} nats</Fact>}
        {reasons.map(({ field, bits }) => (
          <Fact key={field} name={`surprise of ${field}`}>
            {formatAmount(bits)} bits
          </Fact>
        ))}
      </dl>
    </details>
  )
}
