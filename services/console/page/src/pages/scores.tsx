import { formatShare } from '@outflow/contracts/wording'
import { useMemo } from 'preact/hooks'
import { read, serverNow } from '../api/client.js'
import type { ScorePoint, Scores } from '../api/types.js'
import { Chart, type ChartSeries, Empty, MarkTrack, Page, Shown, Table, Time } from '../parts/index.js'
import { isBounded, parseSpan, type Span, spanBetween, spanParams, spanQuery } from '../state/filters.js'
import { navigate, place } from '../state/location.js'
import { useResource } from '../state/resource.js'
import { currentPipeline, withPipeline } from '../state/session.js'
import { formatAmount, formatCompact, formatCount } from '../words/format.js'
import { SpanChoice } from './anomalies/filter-bar.js'

const REFRESH_MS = 30_000

type Measure = Exclude<keyof ScorePoint, 'time'>

/** Percentiles of the score, with their names and colours. */
const PERCENTILES: readonly (readonly [label: string, name: Measure, colour: string])[] = [
  ['median', 'p50', '--chart-1'],
  ['90 %', 'p90', '--chart-2'],
  ['99 %', 'p99', '--chart-3'],
  ['99.9 %', 'p999', '--chart-4'],
  ['max', 'max', '--chart-5'],
]

/** The nll of records over time, with the threshold of anomalies. */
export function ScoresPage() {
  const pipeline = currentPipeline.value
  const requested = parseSpan(new URLSearchParams(place.value.search))
  const span: Span = isBounded(requested) ? requested : { last: '24h' }
  const scores = useResource(
    JSON.stringify([pipeline, span]),
    (signal) => read<Scores>('/statistics/scores', { pipeline, ...spanQuery(span, serverNow()) }, signal),
    'last' in span ? REFRESH_MS : undefined,
  )
  const goTo = (chosen: Span, options?: { replace: boolean }) =>
    navigate(withPipeline('/scores', spanParams(chosen)), options)
  return (
    <Page
      title="Scores"
      tools={
        <div class="row">
          <SpanChoice span={span} onSpan={goTo} hasAll={false} />
        </div>
      }
    >
      <Shown of={scores} what="scores">
        {(found) =>
          found.points.length === 0 ? (
            <Empty title="No record was scored in this time">
              Choose a longer range, or see <a href={withPipeline('/health')}>Health</a> whether records arrive.
            </Empty>
          ) : (
            <Charts scores={found} onSelect={(from, to) => goTo(spanBetween(1000 * from, 1000 * to))} />
          )
        }
      </Shown>
    </Page>
  )
}

function Charts({ scores, onSelect }: { scores: Scores; onSelect: (from: number, to: number) => void }) {
  const { points, threshold, step, marks } = scores
  const [fromMs, toMs] = [Date.parse(scores.from), Date.parse(scores.to)]
  const drawn = useMemo(() => {
    const places = withGaps(points, step)
    const x = places.map(({ seconds }) => seconds)
    const line = (label: string, name: Measure, colour: string): ChartSeries => ({
      label,
      colour,
      values: places.map(({ point }) => point?.[name] ?? null),
    })
    const percentiles = PERCENTILES.map((percentile) => line(...percentile)).toReversed()
    if (threshold !== null)
      percentiles.push({ label: 'threshold', colour: '--high', kind: 'dashed', values: x.map(() => threshold) })
    return {
      x,
      percentiles,
      records: [{ ...line('records', 'records', '--chart-2'), kind: 'bars' as const }],
      anomalies: [{ ...line('anomalies', 'anomalies', '--chart-4'), kind: 'bars' as const }],
      timeRange: [fromMs / 1000, toMs / 1000] as const,
    }
  }, [points, threshold, step, fromMs, toMs])
  const axis = { x: drawn.x, xLabel: 'time', timeRange: drawn.timeRange, onSelect }
  const showAnomalies = (at: number) => {
    const stepFromMs = 1000 * drawn.x[at]!
    navigate(withPipeline('/', spanBetween(stepFromMs, stepFromMs + 1000 * step)))
  }
  const records = points.reduce((sum, point) => sum + point.records, 0)
  const anomalies = points.reduce((sum, point) => sum + point.anomalies, 0)
  const words = `${formatCount(records)} records, ${formatCount(anomalies)} anomalies (${formatShare(records === 0 ? 0 : anomalies / records)})`
  return (
    <>
      <p class="quiet">
        {words}.{' '}
        {threshold === null
          ? 'No threshold is shown: no model is active, its calibration is too small for the alert rate, or false-discovery control varies it.'
          : `A record is an anomaly above ${formatAmount(threshold)} nats.`}{' '}
        <span class="for-mouse">Drag over a chart to look closer; click a bar of anomalies to list them.</span>
      </p>
      <section aria-labelledby="percentiles">
        <h2 id="percentiles">
          Percentiles of the score <small>nats, higher is less likely</small>
        </h2>
        <div class="chart-marks">
          <MarkTrack marks={marks} fromMs={fromMs} toMs={toMs} />
        </div>
        <Chart
          title={`Percentiles of the score against the threshold: ${words}`}
          {...axis}
          series={drawn.percentiles}
          isLog
          format={formatAmount}
          height={340}
        />
      </section>
      <div class="halves">
        <section aria-labelledby="records">
          <h2 id="records">Records</h2>
          <Chart title="Records over time" {...axis} series={drawn.records} format={formatCompact} height={160} />
        </section>
        <section aria-labelledby="anomalies">
          <h2 id="anomalies">Anomalies</h2>
          <Chart
            title="Anomalies over time"
            {...axis}
            series={drawn.anomalies}
            format={formatCompact}
            height={160}
            onPoint={showAnomalies}
          />
        </section>
      </div>
      <details>
        <summary>The same as a table</summary>
        <PointsTable points={points} />
      </details>
    </>
  )
}

function PointsTable({ points }: { points: readonly ScorePoint[] }) {
  return (
    <Table
      columns={[
        { name: 'time', of: ({ time }) => <Time at={time} /> },
        { name: 'records', kind: 'number', of: ({ records }) => formatCount(records) },
        { name: 'anomalies', kind: 'number', of: ({ anomalies }) => formatCount(anomalies) },
        ...PERCENTILES.map(([name, percentile]) => ({
          ...{ name, kind: 'number' as const },
          of: (point: ScorePoint) => formatAmount(point[percentile]),
        })),
      ]}
      rows={points.toReversed()}
      keyOf={({ time }) => time}
    />
  )
}

/** The points with their times, and an empty one in each gap: a continuous line would hide the gap. */
function withGaps(points: readonly ScorePoint[], stepSeconds: number) {
  return points.flatMap((point, i) => {
    const seconds = secondsOf(point)
    const secondsBefore = secondsOf(points[i - 1] ?? point)
    const gap = seconds - secondsBefore > 1.5 * stepSeconds ? [{ seconds: seconds - stepSeconds, point: null }] : []
    return [...gap, { seconds, point }]
  })
}

const secondsOf = ({ time }: ScorePoint): number => Date.parse(time) / 1000
