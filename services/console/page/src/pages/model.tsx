import { formatDuration } from '@outflow/contracts/wording'
import { useMemo, useState } from 'preact/hooks'
import { write } from '../api/client.js'
import type { Fit, ModelDetail } from '../api/types.js'
import { Badge, Chart, Dialog, Fact, ReasonInput, Shown, Time, useTitle } from '../parts/index.js'
import { notify } from '../state/notices.js'
import { useRead } from '../state/resource.js'
import { currentPipeline, may, withPipeline } from '../state/session.js'
import { formatAmount, formatBytes, formatCount, formatPValue, shortId } from '../words/format.js'
import { ModelLink } from './links.js'
import { Comparison } from './model/comparison.js'
import { GateReport } from './model/gate-report.js'

/** One model: its fit, the report of its gate, and the button that makes it the active one. */
export function ModelPage({ id }: { id: string }) {
  const model = useRead<ModelDetail>(`/models/${encodeURIComponent(id)}`, { pipeline: currentPipeline.value })
  useTitle(`Model ${shortId(id)}`)
  return (
    <div class="page">
      <nav class="row spread head" aria-label="Around this model">
        <a href={withPipeline('/models')}>← Models</a>
      </nav>
      <Shown of={model} what="the model">
        {(found) => <Body model={found} reload={model.reload} />}
      </Shown>
    </div>
  )
}

function Body({ model, reload }: { model: ModelDetail; reload: () => void }) {
  const pipeline = currentPipeline.value
  const [isAsked, setAsked] = useState(false)
  const { fit } = model
  return (
    <>
      <div class="row spread head">
        <h1>
          Model <code>{shortId(model.id)}</code> <Badge name={model.state} /> {model.shadow && <Badge name="shadow" />}
        </h1>
        <div class="row">
          <a class="button" href={withPipeline('/', { model: model.id })}>
            Its anomalies
          </a>
          {may('operator') && model.state !== 'active' && (
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
          <Time at={model.trainedAt} hasZone />
        </Fact>
        <Fact name="promoted">{model.promotedAt === null ? 'never' : <Time at={model.promotedAt} hasZone />}</Fact>
        {model.rows !== null && <Fact name="records">{formatCount(model.rows)}</Fact>}
        {model.steps !== null && <Fact name="steps">{formatCount(model.steps)}</Fact>}
      </dl>
      {model.labels !== null ? (
        <p class="quiet">
          The same weights as <ModelLink id={model.labels.of} />; anomalies were removed from its calibration set by{' '}
          {formatCount(model.labels.confirmed + model.labels.normal)} labels, {formatCount(model.labels.confirmed)} of
          them confirmed.
        </p>
      ) : fit === null ? (
        <p class="quiet">There is no report of its fit: the trainer was stopped before it stored one.</p>
      ) : (
        <FitDetails fit={fit} />
      )}
      {/* A change of its state changes that of another model as well. */}
      <Comparison key={model.state} id={model.id} parent={fit?.incumbentId ?? null} />
      <Changes model={model} />
      {isAsked && (
        <Dialog
          title={`Make ${shortId(model.id)} the active model?`}
          action="Promote"
          onClose={() => setAsked(false)}
          act={async (typed) => {
            await write('POST', `/models/${encodeURIComponent(model.id)}/promote`, {
              pipeline,
              reason: typed('reason'),
            })
            notify('done', `${shortId(model.id)} is the active model.`)
            reload()
          }}
        >
          <p>
            It decides on the records of {pipeline} from the next batch on.
            {fit?.report.gate?.passed === false && <b> It failed its gate; the reasons are on this page.</b>}
          </p>
          <ReasonInput label="Why (the audit log keeps it)" />
        </Dialog>
      )}
    </>
  )
}

function FitDetails({ fit: { because, incumbentId, report } }: { fit: Fit }) {
  const { window, records, fit, calibration, gate, durationMs, seed } = report
  return (
    <div class="halves">
      <section aria-labelledby="fit">
        <h2 id="fit">Fit</h2>
        {fit === null ? <p class="quiet">There is no curve: the fit had no steps.</p> : <Curve fit={fit} />}
        <dl class="facts">
          <Fact name="made because of">{because}</Fact>
          <Fact name="window">
            {window.from === null || window.to === null ? (
              'records without times'
            ) : (
              <>
                <Time at={window.from} /> to <Time at={window.to} />
              </>
            )}
            {window.shortened !== null && <small> ({window.shortened})</small>}
          </Fact>
          <Fact name="used">
            {formatCount(records.fitted)} records for the fit and its calibration, {formatCount(records.heldOut)} held
            out
          </Fact>
          <Fact name="left out">{formatCount(records.excluded)} confirmed, excluded or in a burst</Fact>
          {records.rejected > 0 && <Fact name="could not be read">{formatCount(records.rejected)}</Fact>}
          {calibration !== null && (
            <Fact name="calibrated on">
              {formatCount(calibration.rows)} records, p counted down to {formatPValue(calibration.smallestPValue)}
            </Fact>
          )}
          <Fact name="took">{formatDuration(durationMs)}</Fact>
          {fit !== null && <Fact name="memory">{formatBytes(fit.peakMemoryBytes)} at most</Fact>}
          <Fact name="seed">{seed}</Fact>
          {incumbentId !== null && (
            <Fact name="active before">
              <ModelLink id={incumbentId} />
            </Fact>
          )}
        </dl>
      </section>
      <section aria-labelledby="gate">
        <h2 id="gate">Gate</h2>
        {gate === null ? <p class="quiet">The fit ended before its gate.</p> : <GateReport gate={gate} />}
      </section>
    </div>
  )
}

function Curve({ fit: { atSteps, trainNll, validationNll } }: { fit: NonNullable<Fit['report']['fit']> }) {
  const series = useMemo(
    () => [
      { label: 'training', colour: '--chart-2', values: trainNll },
      { label: 'held out', colour: '--chart-4', values: validationNll },
    ],
    [atSteps],
  )
  // The first steps of a fit may have values a thousand times higher than the later ones.
  const isLog = [...trainNll, ...validationNll].some((nll) => Math.abs(nll ?? 0) > 100)
  return (
    <Chart
      title="Negative log-likelihood over the fit's steps, of training and of held-out records"
      x={atSteps}
      xLabel="step"
      isLog={isLog}
      series={series}
      format={formatAmount}
      height={240}
    />
  )
}

/** When it became the active model and when it was replaced, by whom and why. */
function Changes({ model }: { model: ModelDetail }) {
  if (model.changes.length === 0) return null
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Changes</h2>
      <ol class="plain-list">
        {model.changes.map(({ action, modelId, by, why, at }) => (
          <li key={at}>
            <Time at={at} />: {action === 'promote' ? 'promoted' : 'rolled back to'}{' '}
            {modelId === model.id ? 'this model' : <code>{shortId(modelId)}</code>} by {by}
            <span class="quiet"> {why}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
