import type { Model, ModelDifference } from '../../api/types.js'
import { Choice, Shown, Table } from '../../parts/index.js'
import { navigate, place } from '../../state/location.js'
import { useRead } from '../../state/resource.js'
import { currentPipeline, withPipeline } from '../../state/session.js'
import { formatAmount, formatCount, formatName, formatTime, formatValue, orDash, shortId } from '../../words/format.js'

interface ComparisonProps {
  readonly id: string
  /** The model that this one replaced, or would have; null: none. */
  readonly parent: string | null
}

/** Changes with this model: its differences from its parent, or from the model whose id is in the URL. */
export function Comparison({ id, parent }: ComparisonProps) {
  const models = useRead<readonly Model[]>('/models', { pipeline: currentPipeline.value })
  const others = models.data?.filter((model) => model.id !== id) ?? []
  const known = (wanted: string | null) => others.find((model) => model.id === wanted)?.id
  const other = known(new URLSearchParams(place.value.search).get('with')) ?? known(parent) ?? ''
  if (models.error === null && others.length === 0) return null
  return (
    <section aria-labelledby="comparison">
      <div class="row spread head">
        <h2 id="comparison">What changed</h2>
        {others.length > 0 && (
          <Choice
            label="Compare with"
            value={other}
            onValue={(value) =>
              navigate(withPipeline(`/models/${encodeURIComponent(id)}`, { with: value }), { replace: true })
            }
            of={[
              ['', 'compare with …'],
              ...others.map((model): [string, string] => [
                model.id,
                `${shortId(model.id)}, ${formatName(model.state)}, ${formatTime(model.trainedAt)}`,
              ]),
            ]}
          />
        )}
      </div>
      <Shown of={models} what="models">
        {() => other !== '' && <Difference key={other} id={id} other={other} />}
      </Shown>
    </section>
  )
}

function Difference({ id, other }: { id: string; other: string }) {
  const path = `/models/${encodeURIComponent(id)}/difference`
  const difference = useRead<ModelDifference>(path, { pipeline: currentPipeline.value, other })
  return (
    <Shown of={difference} what="both models">
      {({ facts, divergence, decisions, fields }) => (
        <>
          {decisions !== null && <Decisions decisions={decisions} other={other} />}
          <p>
            {divergence === null
              ? 'Their features or usual values differ: what they find likely cannot be compared.'
              : `Normal records of ${shortId(other)} are ${formatAmount(divergence.secondToFirst)} nats less likely to this model; ` +
                `normal records of this model are ${formatAmount(divergence.firstToSecond)} nats less likely to ${shortId(other)}.`}
          </p>
          {fields.length > 0 && (
            <>
              <h3>Anomalies in a million records, by field</h3>
              <Table
                columns={[
                  { name: 'field', of: ({ field }) => field ?? 'no reasons' },
                  { name: 'this model', kind: 'number', of: ({ first }) => orDash(first, formatCount) },
                  { name: shortId(other), kind: 'number', of: ({ second }) => orDash(second, formatCount) },
                ]}
                rows={fields}
                keyOf={({ field }) => String(field)}
              />
              <h3>Settings and results</h3>
            </>
          )}
          <Table
            empty={<p class="quiet">No setting and no result differs.</p>}
            columns={[
              { name: 'what differs', of: ({ name }) => name },
              { name: 'this model', kind: 'detail', of: ({ first }) => orDash(first, formatValue) },
              { name: shortId(other), kind: 'detail', of: ({ second }) => orDash(second, formatValue) },
            ]}
            rows={facts}
            keyOf={({ name }) => name}
          />
        </>
      )}
    </Shown>
  )
}

function Decisions({ decisions, other }: { decisions: NonNullable<ModelDifference['decisions']>; other: string }) {
  const { on, records, both, first, second } = decisions
  return (
    <p>
      Of {formatCount(records)} {on}, {formatCount(both)} are anomalies under both models, {formatCount(first)} under
      this model alone and {formatCount(second)} under {shortId(other)} alone.
    </p>
  )
}
