import { queryString, read } from '../../api/client.js'
import type { Model, ModelDifference } from '../../api/types.js'
import { Shown } from '../../parts/states.js'
import { Table } from '../../parts/table.js'
import { navigate, place } from '../../state/location.js'
import { useResource } from '../../state/resource.js'
import { formatAmount, formatTime, shortId } from '../../words/format.js'

/** How another model of the pipeline differs from this one; the URL has the id of the other. */
export function Comparison({ id, pipeline }: { id: string; pipeline: string }) {
  const models = useResource(pipeline, (signal) => read<readonly Model[]>('/models', { pipeline }, signal))
  const others = models.data?.filter((model) => model.id !== id) ?? []
  const other = new URLSearchParams(place.value.search).get('with') ?? ''
  if (others.length === 0) return null
  return (
    <section aria-labelledby="comparison">
      <div class="section-head">
        <h2 id="comparison">Comparison</h2>
        <label>
          <span class="unseen">Compare with</span>
          <select
            value={other}
            onChange={({ currentTarget: { value } }) =>
              navigate(`/models/${encodeURIComponent(id)}${queryString({ pipeline, with: value })}`, { replace: true })
            }
          >
            <option value="">compare with …</option>
            {others.map((model) => (
              <option key={model.id} value={model.id}>
                {shortId(model.id)}, {model.state.replace('_', ' ')}, {formatTime(model.trainedAt)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {other !== '' && <Difference id={id} other={other} pipeline={pipeline} />}
    </section>
  )
}

function Difference({ id, other, pipeline }: { id: string; other: string; pipeline: string }) {
  const path = `/models/${encodeURIComponent(id)}/difference`
  const difference = useResource(`${path} ${other}`, (signal) =>
    read<ModelDifference>(path, { pipeline, other }, signal),
  )
  return (
    <Shown of={difference} what="both models">
      {({ facts, divergence }) => (
        <>
          <p>
            {divergence === null
              ? 'Their features differ: what they find likely cannot be compared.'
              : `Normal records of ${shortId(other)} are ${formatAmount(divergence.secondToFirst)} nats less likely to this model; ` +
                `normal records of this model are ${formatAmount(divergence.firstToSecond)} nats less likely to ${shortId(other)}.`}
          </p>
          {facts.length === 0 ? (
            <p class="quiet">They were made of the same.</p>
          ) : (
            <Table
              asCards
              columns={[
                { name: 'what differs', of: ({ name }) => name },
                { name: 'this model', kind: 'detail', of: ({ first }) => shown(first) },
                { name: shortId(other), kind: 'detail', of: ({ second }) => shown(second) },
              ]}
              rows={facts}
              keyOf={({ name }) => name}
            />
          )}
        </>
      )}
    </Shown>
  )
}

const shown = (fact: string | number | null): string =>
  fact === null ? '–' : typeof fact === 'number' ? formatAmount(fact) : fact
