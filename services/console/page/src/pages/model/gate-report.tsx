import { formatShare } from '@outflow/contracts/wording'
import type { Gate } from '../../api/types.js'
import { Fact } from '../../parts/index.js'
import { formatAmount, formatCount, orDash, shortId } from '../../words/format.js'

export function GateReport({ gate }: { gate: Gate }) {
  const { passed, failures, against, againstId, gain, lowerHalf, medianNll, nllRange } = gate
  const rival = againstId === null ? against : `${against} ${shortId(againstId)}`
  return (
    <>
      <p class={passed ? 'passed' : 'failure'}>{passed ? 'Passed' : 'Failed'}</p>
      {failures.length > 0 && (
        <ul class="plain-list">
          {failures.map((failure) => (
            <li key={failure}>{failure}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <Fact name={`likelier than ${rival} by`}>
          {signed(gain.mean)} nats a record{' '}
          <small>
            (95 %: {signed(gain.lower)} to {signed(gain.upper)})
          </small>
        </Fact>
        <Fact name="anomalies">{formatShare(gate.anomalyShare)} of recent records</Fact>
        <Fact name="p at most a half">{orDash(lowerHalf, formatShare)} of them; expected: 50 %</Fact>
        <Fact name="median score">{orDash(medianNll, formatAmount)} nats</Fact>
        <Fact name="nine in ten score">
          {orDash(nllRange[0], formatAmount)} to {orDash(nllRange[1], formatAmount)} nats
        </Fact>
        <Fact name="scoring takes">{formatAmount(gate.scoringMicros)} µs a record</Fact>
        <Fact name="checked on">{formatCount(gate.checked)} held-out records</Fact>
      </dl>
    </>
  )
}

const signed = (nats: number | null): string =>
  nats === null ? '–' : `${nats > 0 ? '+' : ''}${nats.toFixed(3).replace('-', '−')}`
