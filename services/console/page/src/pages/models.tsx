import { useState } from 'preact/hooks'
import { write } from '../api/client.js'
import type { Model } from '../api/types.js'
import { Badge, Dialog, Empty, Page, ReasonInput, Shown, Table, Time } from '../parts/index.js'
import { notify } from '../state/notices.js'
import { useRead } from '../state/resource.js'
import { currentPipeline, may } from '../state/session.js'
import { formatAmount, formatCount, orDash } from '../words/format.js'
import { ModelLink } from './links.js'
import { CalibrationRecordsSection } from './models/calibration-records.js'
import { Precision } from './models/precision.js'

const REFRESH_MS = 15_000

/** The models of a pipeline, newest first, with rollback and retrain, and the calibration records to label. */
export function ModelsPage() {
  const pipeline = currentPipeline.value
  const models = useRead<readonly Model[]>('/models', { pipeline }, REFRESH_MS)
  const active = models.data?.find(({ state }) => state === 'active')
  const [dialog, setDialog] = useState<'retrain' | 'rollback' | null>(null)
  return (
    <Page
      title="Models"
      tools={
        may('operator') && (
          <div class="row">
            <button type="button" onClick={() => setDialog('retrain')}>
              Retrain now
            </button>
            <button type="button" onClick={() => setDialog('rollback')}>
              Roll back
            </button>
          </div>
        )
      }
    >
      <Shown of={models} what="models">
        {(found) => <ModelTable models={found} />}
      </Shown>
      <Precision />
      {active !== undefined && (
        // Those of the fitted model: a model that was made by their labels has the same.
        <CalibrationRecordsSection key={active.labels?.of ?? active.id} />
      )}
      {dialog === 'rollback' && (
        <Dialog
          title={`Roll ${pipeline} back?`}
          action="Roll back"
          onClose={() => setDialog(null)}
          act={async (typed) => {
            await write('POST', `/pipelines/${encodeURIComponent(pipeline)}/rollback`, { reason: typed('reason') })
            notify('done', 'The previous model is active again.')
            models.reload()
          }}
        >
          <p>The model that was active before this one decides from the next batch on.</p>
          <ReasonInput label="Why (the audit log keeps it)" />
        </Dialog>
      )}
      {dialog === 'retrain' && (
        <Dialog
          title={`Retrain ${pipeline} now?`}
          action="Retrain"
          onClose={() => setDialog(null)}
          act={async () => {
            await write('POST', '/retrain', { pipeline })
            notify('done', 'A fit is requested; its model is listed here when it is ready.')
          }}
        >
          <p>The trainer fits a model to the recent past; the gate decides whether it becomes the active one.</p>
        </Dialog>
      )}
    </Page>
  )
}

function ModelTable({ models }: { models: readonly Model[] }) {
  return (
    <Table
      empty={
        <Empty title="No model yet">The trainer fits the first one as soon as the topic holds enough records.</Empty>
      }
      columns={[
        { name: 'model', of: ({ id }) => <ModelLink id={id} /> },
        {
          name: 'state',
          of: ({ state, shadow, provisional }) => (
            <>
              <Badge name={state} /> {shadow && <Badge name="shadow" />} {provisional && <Badge name="provisional" />}
            </>
          ),
        },
        { name: 'trained', of: ({ trainedAt }) => <Time at={trainedAt} /> },
        { name: 'promoted', of: ({ promotedAt }) => (promotedAt === null ? '–' : <Time at={promotedAt} />) },
        { name: 'records', kind: 'number', of: ({ rows }) => orDash(rows, formatCount) },
        { name: 'steps', kind: 'number', of: ({ steps }) => orDash(steps, formatCount) },
        { name: 'held-out nats', kind: 'number', of: ({ validationNll }) => orDash(validationNll, formatAmount) },
      ]}
      rows={models}
      keyOf={({ id }) => id}
    />
  )
}
