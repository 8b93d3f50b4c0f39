import { formatDuration } from '@outflow/contracts/wording'
import type { Health } from '../api/types.js'
import { Fact, Page, Shown, Table, Time } from '../parts/index.js'
import { useRead } from '../state/resource.js'
import { currentPipeline, isOwnPipeline } from '../state/session.js'
import { formatAmount, formatCount, formatName } from '../words/format.js'
import { DeadLetters } from './health/dead-letters.js'

const REFRESH_MS = 10_000

/** Health of a pipeline: throughput, lag, dead letters, drift and health events. */
export function HealthPage() {
  const health = useRead<Health>('/health', { pipeline: currentPipeline.value }, REFRESH_MS)
  return (
    <Page title="Health">
      <Shown of={health} what="the pipeline's health">
        {(found) => (
          <>
            <Tiles health={found} />
            {found.provisional !== null && <p>Active: {found.provisional}.</p>}
            {found.whyNoModel !== null && <p>No model: {found.whyNoModel}.</p>}
            <div class="halves">
              <Lag lag={found.lag} />
              <Drift drift={found.drift} />
            </div>
            <Events events={found.events} />
            <RejectedBy deadLetters={found.deadLetters} />
          </>
        )}
      </Shown>
      <DeadLetters
        newestAt={
          health.data?.deadLetters
            .map(({ lastAt }) => lastAt)
            .toSorted()
            .at(-1) ?? null
        }
      />
    </Page>
  )
}

function Tiles({ health }: { health: Health }) {
  const { recordsPerSecond, outboxWaiting, activeModelAgeSeconds: age, provisional } = health
  const lag = health.lag?.reduce((sum, partition) => sum + partition.lag, 0)
  const rejected = health.deadLetters.reduce((sum, { count }) => sum + count, 0)
  const old = provisional === null ? 'old' : 'old, provisional'
  const tiles = [
    ['records a second', formatAmount(recordsPerSecond), ''],
    ['lag', lag === undefined ? '–' : formatCount(lag), 'records not read yet'],
    ['dead letters', formatCount(rejected), 'in the last day'],
    ['alerts and dead letters waiting', formatCount(outboxWaiting), 'in the outbox'],
    ['active model', ...(age === null ? ['none', 'nothing is scored'] : [formatDuration(1_000 * age), old])],
  ] as const
  return (
    <dl class="tiles">
      {tiles.map(([name, value, note]) => (
        <Fact key={name} name={name}>
          {value}
          <small>{note}</small>
        </Fact>
      ))}
    </dl>
  )
}

function Lag({ lag }: { lag: Health['lag'] }) {
  return (
    <section aria-labelledby="lag">
      <h2 id="lag">Lag</h2>
      {lag === null ? (
        <p class="quiet">
          {isOwnPipeline.value
            ? 'Kafka did not answer; is it up, and does the console reach it?'
            : 'The console of its configuration reads it.'}
        </p>
      ) : (
        <Table
          empty={<p class="quiet">No partition has been read yet.</p>}
          columns={[
            { name: 'partition', kind: 'detail', of: ({ topic, partition }) => `${topic}/${partition}` },
            { name: 'next offset', kind: 'number', of: ({ offset }) => offset },
            { name: 'lag', kind: 'number', of: ({ lag: behind }) => formatCount(behind) },
          ]}
          rows={lag}
          keyOf={({ topic, partition }) => `${topic}/${partition}`}
        />
      )}
    </section>
  )
}

function Drift({ drift }: { drift: Health['drift'] }) {
  return (
    <section aria-labelledby="drift">
      <h2 id="drift">Drift</h2>
      {drift.length === 0 ? (
        <p class="quiet">Scores have not drifted from their calibration.</p>
      ) : (
        <ol class="plain-list">
          {drift.map(({ raisedAt, chart, fields }) => (
            <li key={raisedAt}>
              <Time at={raisedAt} />: <b>{chart}</b>
              {fields.length > 0 && (
                <span class="quiet">
                  {' '}
                  {fields
                    .slice(0, 4)
                    .map(({ field, nats }) => `${field} by ${formatAmount(nats)} nats`)
                    .join(', ')}
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** Conditions and events, newest first. */
function Events({ events }: { events: Health['events'] }) {
  return (
    <section aria-labelledby="events">
      <h2 id="events">Health events</h2>
      <Table
        empty={<p class="quiet">None so far.</p>}
        columns={[
          { name: 'when', of: ({ begunAt }) => <Time at={begunAt} /> },
          { name: 'what', of: ({ kind }) => formatName(kind) },
          { name: 'until', of: ({ begunAt, endedAt }) => endOf(begunAt, endedAt) },
          { name: 'detail', kind: 'detail', of: ({ detail }) => detail },
        ]}
        rows={events}
        keyOf={({ begunAt, kind }) => `${begunAt} ${kind}`}
      />
    </section>
  )
}

function endOf(begunAt: string, endedAt: string | null) {
  if (endedAt === null) return <b>now</b>
  return endedAt === begunAt ? '–' : <Time at={endedAt} />
}

function RejectedBy({ deadLetters }: { deadLetters: Health['deadLetters'] }) {
  if (deadLetters.length === 0) return null
  return (
    <section aria-labelledby="rejected">
      <h2 id="rejected">Rejected in the last day, by reason</h2>
      <Table
        columns={[
          { name: 'reason', of: ({ reason }) => reason },
          { name: 'records', kind: 'number', of: ({ count }) => formatCount(count) },
          { name: 'last', of: ({ lastAt }) => <Time at={lastAt} /> },
        ]}
        rows={deadLetters}
        keyOf={({ reason }) => reason}
      />
    </section>
  )
}
