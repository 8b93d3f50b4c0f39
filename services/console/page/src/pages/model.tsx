import { useEffect, useMemo, useState } from 'preact/hooks'
import { queryString, read, write } from '../api/client.js'
import type { FitReport, Gate, ModelDetail } from '../api/types.js'
import { StateBadge } from '../parts/badges.js'
import { Chart } from '../parts/chart.js'
import { Confirm } from '../parts/confirm.js'
import { Fact } from '../parts/fact.js'
import { Shown } from '../parts/states.js'
import { Time } from '../parts/time.js'
import { notify } from '../state/notices.js'
import { useResource } from '../state/resource.js'
import { currentPipeline, may } from '../state/session.js'
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatPValue,
  formatShare,
  shortId,
} from '../words/format.js'

/** One model: how it was fitted, what the gate said, and the button that makes it the active one. */
export function ModelPage({ id }: { id: string }) {
  const pipeline = currentPipeline.value
  const model = useResource(JSON.stringify([pipeline, id]), (signal) =>
    read<ModelDetail>(`/models/${encodeURIComponent(id)}`, { pipeline }, signal),
  )
  useEffect(() => {
    document.title = `Model ${shortId(id)} · outflow`
  }, [id])
  return (
    <div class="page">
      <nav class="crumbs" aria-label="Around this model">
        <a href={`/models${queryString({ pipeline })}`}>← Models</a>
      </nav>
      <Shown of={model} what="the model">
        {(found) => <Body model={found} pipeline={pipeline} reload={model.reload} />}
      </Shown>
    </div>
  )
}

function Body({ model, pipeline, reload }: { model: ModelDetail; pipeline: string; reload: () => void }) {
  const [isAsked, setAsked] = useState(false)
  const report = model.fitReport
  return (
    <>
      <div class="page-head">
        <h1>
          Model <code>{shortId(model.id)}</code> <StateBadge state={model.state} />
        </h1>
        <div class="row">
          <a class="button" href={`/${queryString({ pipeline, model: model.id })}`}>
            Its anomalies
          </a>
          {may('operator') && !model.active && (
            <button type="button" class="primary" onClick={() => setAsked(true)}>
              Promote
            </button>
          )}
        </div>
      </div>
      <dl class="facts">
        <Fact name="id">
          <code>{model.id}</code>
        </Fact>
        <Fact name="trained">
          <Time at={model.trainedAt} />
        </Fact>
        <Fact name="promoted">{model.promotedAt === null ? 'never' : <Time at={model.promotedAt} />}</Fact>
        <Fact name="records">{formatCount(model.rows)}</Fact>
        <Fact name="steps">{formatCount(model.steps)}</Fact>
      </dl>
      {report === null ? (
        <p class="quiet">
          There is no report of its fit: it was not fitted by the trainer, or the report went with its retention.
        </p>
      ) : (
        <Report report={report} pipeline={pipeline} />
      )}
      {isAsked && (
        <Confirm
          title={`Make ${shortId(model.id)} the active model?`}
          action="Promote"
          asksWhy
          onClose={() => setAsked(false)}
          act={async (reason) => {
            await write('POST', `/models/${encodeURIComponent(model.id)}/promote`, { pipeline, reason })
            notify('done', `${shortId(model.id)} is the active model.`)
            reload()
          }}
        >
          <p>
            It judges the records of {pipeline} from the next batch on.
            {report?.gate?.passed === false && <b> The gate had rejected it; see why on this page.</b>}
          </p>
        </Confirm>
      )}
    </>
  )
}

function Report({ report, pipeline }: { report: FitReport; pipeline: string }) {
  return (
    <div class="halves">
      <section aria-labelledby="fit">
        <h2 id="fit">Fit</h2>
        <Curve curve={report.curve} />
        <dl class="facts">
          <Fact name="window">
            {report.window.from === null || report.window.to === null ? (
              'records without times'
            ) : (
              <>
                <Time at={report.window.from} /> to <Time at={report.window.to} />
              </>
            )}
            {report.window.shortened !== null && <small> ({report.window.shortened})</small>}
          </Fact>
          <Fact name="fitted to">{formatCount(report.rows)} records</Fact>
          <Fact name="left out">{formatCount(report.excluded)} confirmed or excluded</Fact>
          {report.calibration !== null && (
            <Fact name="calibrated on">
              {formatCount(report.calibration.rows)} records, p counted down to{' '}
              {formatPValue(report.calibration.smallestPValue)}
            </Fact>
          )}
          <Fact name="took">{formatDuration(report.durationMs / 1000)}</Fact>
          {report.memoryBytes !== null && <Fact name="memory">{formatBytes(report.memoryBytes)} at most</Fact>}
          <Fact name="seed">{report.seed}</Fact>
          {report.parent !== null && (
            <Fact name="active before">
              <a href={`/models/${encodeURIComponent(report.parent)}${queryString({ pipeline })}`}>
                <code>{shortId(report.parent)}</code>
              </a>
            </Fact>
          )}
        </dl>
      </section>
      <section aria-labelledby="gate">
        <h2 id="gate">Gate</h2>
        {report.gate === null ? <p class="quiet">The gate has not seen it.</p> : <GateReport gate={report.gate} />}
      </section>
    </div>
  )
}

function Curve({ curve }: { curve: FitReport['curve'] }) {
  const { x, series } = useMemo(
    () => ({
      x: curve.map(({ step }) => step),
      series: [
        { label: 'training', colour: '--chart-2', values: curve.map(({ train }) => train) },
        { label: 'held out', colour: '--chart-4', values: curve.map(({ validation }) => validation) },
      ],
    }),
    [curve],
  )
  if (curve.length === 0) return <p class="quiet">There was nothing to fit step by step.</p>
  return (
    <Chart
      title="Negative log-likelihood over the fit's steps, of training and of held-out records"
      x={x}
      xLabel="step"
      isTime={false}
      series={series}
      format={formatAmount}
      height={240}
    />
  )
}

function GateReport({ gate }: { gate: Gate }) {
  const rival = gate.againstId === null ? gate.against : `${gate.against} ${shortId(gate.againstId)}`
  const signed = (nats: number) => `${nats > 0 ? '+' : ''}${nats.toFixed(3).replace('-', '−')}`
  return (
    <>
      <p class={gate.passed ? 'passed' : 'failure'}>{gate.passed ? 'Passed' : 'Rejected'}</p>
      {gate.failures.length > 0 && (
        <ul>
          {gate.failures.map((failure) => (
            <li key={failure}>{failure}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <Fact name={`likelier than ${rival} by`}>
          {signed(gate.gain.mean)} nats a record{' '}
          <small>
            (95 %: {signed(gate.gain.lower)} to {signed(gate.gain.upper)})
          </small>
        </Fact>
        <Fact name="would flag">{formatShare(gate.flaggedShare)} of recent records</Fact>
        <Fact name="p at most a half">{formatShare(gate.lowerHalf)} of them; 50 % are due</Fact>
        <Fact name="median score">{formatAmount(gate.medianNll)} nats</Fact>
        <Fact name="nine in ten score">
          {formatAmount(gate.nllRange[0])} to {formatAmount(gate.nllRange[1])} nats
        </Fact>
        <Fact name="scoring takes">{formatAmount(gate.scoringMicros)} µs a record</Fact>
        <Fact name="checked on">{formatCount(gate.checked)} held-out records</Fact>
      </dl>
    </>
  )
}
