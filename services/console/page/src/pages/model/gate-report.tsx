import type { Gate } from '../../api/types.js'
import { Fact } from '../../parts/fact.js'
import { formatAmount, formatCount, formatShare, shortId } from '../../words/format.js'

/** What the gate found; trainers of other versions may say less. */
export function GateReport({ gate }: { gate: Partial<Gate> }) {
  const { passed, failures = [], against, againstId, gain, flaggedShare, lowerHalf, medianNll, nllRange } = gate
  const rival = [against, againstId == null ? null : shortId(againstId)].filter(Boolean).join(' ')
  return (
    <>
      {passed !== undefined && <p class={passed ? 'passed' : 'failure'}>{passed ? 'Passed' : 'Rejected'}</p>}
      {failures.length > 0 && (
        <ul>
          {failures.map((failure) => (
            <li key={failure}>{failure}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        {gain !== undefined && (
          <Fact name={`likelier than ${rival} by`}>
            {signed(gain.mean)} nats a record{' '}
            <small>
              (95 %: {signed(gain.lower)} to {signed(gain.upper)})
            </small>
          </Fact>
        )}
        {flaggedShare !== undefined && <Fact name="would flag">{formatShare(flaggedShare)} of recent records</Fact>}
        {lowerHalf !== undefined && <Fact name="p at most a half">{formatShare(lowerHalf)} of them; 50 % are due</Fact>}
        {medianNll !== undefined && <Fact name="median score">{formatAmount(medianNll)} nats</Fact>}
        {nllRange !== undefined && (
          <Fact name="nine in ten score">
            {formatAmount(nllRange[0])} to {formatAmount(nllRange[1])} nats
          </Fact>
        )}
        {gate.scoringMicros !== undefined && (
          <Fact name="scoring takes">{formatAmount(gate.scoringMicros)} µs a record</Fact>
        )}
        {gate.checked !== undefined && <Fact name="checked on">{formatCount(gate.checked)} held-out records</Fact>}
      </dl>
    </>
  )
}

const signed = (nats: number): string => `${nats > 0 ? '+' : ''}${nats.toFixed(3).replace('-', '−')}`
