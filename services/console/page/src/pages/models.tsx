import { useEffect, useState } from 'preact/hooks'
import { queryString, read, write } from '../api/client.js'
import type { Model } from '../api/types.js'
import { StateBadge } from '../parts/badges.js'
import { Confirm } from '../parts/confirm.js'
import { Empty, Shown } from '../parts/states.js'
import { Time } from '../parts/time.js'
import { notify } from '../state/notices.js'
import { useResource } from '../state/resource.js'
import { currentPipeline, may } from '../state/session.js'
import { formatAmount, formatCount, shortId } from '../words/format.js'

const REFRESH_MS = 15_000

/** The models of a pipeline, the newest first, and the ways to change which one judges. */
export function ModelsPage() {
  const pipeline = currentPipeline.value
  const models = useResource(
    pipeline === '' ? null : pipeline,
    (signal) => read<readonly Model[]>('/models', { pipeline }, signal),
    REFRESH_MS,
  )
  const [asked, setAsked] = useState<'retrain' | 'rollback' | null>(null)
  useEffect(() => {
    document.title = 'Models · outflow'
  }, [])
  return (
    <div class="page">
      <div class="page-head">
        <h1>Models</h1>
        {may('operator') && (
          <div class="row">
            <button type="button" onClick={() => setAsked('retrain')}>
              Retrain now
            </button>
            <button type="button" onClick={() => setAsked('rollback')}>
              Roll back
            </button>
          </div>
        )}
      </div>
      <Shown of={models} what="models">
        {(found) =>
          found.length === 0 ? (
            <Empty title="No model yet">
              The trainer fits the first one as soon as the topic holds enough records.
            </Empty>
          ) : (
            <ModelTable models={found} pipeline={pipeline} />
          )
        }
      </Shown>
      {asked === 'rollback' && (
        <Confirm
          title={`Roll ${pipeline} back?`}
          action="Roll back"
          asksWhy
          onClose={() => setAsked(null)}
          act={async (reason) => {
            await write('POST', `/pipelines/${encodeURIComponent(pipeline)}/rollback`, { reason })
            notify('done', 'The previous model is active again.')
            models.reload()
          }}
        >
          <p>The model that was active before this one judges from the next batch on.</p>
        </Confirm>
      )}
      {asked === 'retrain' && (
        <Confirm
          title={`Retrain ${pipeline} now?`}
          action="Retrain"
          asksWhy={false}
          onClose={() => setAsked(null)}
          act={async () => {
            await write('POST', '/retrain', { pipeline })
            notify('done', 'A fit is requested; its model is listed here when it is ready.')
          }}
        >
          <p>The trainer fits a model to the recent past; the gate decides whether it becomes the active one.</p>
        </Confirm>
      )}
    </div>
  )
}

function ModelTable({ models, pipeline }: { models: readonly Model[]; pipeline: string }) {
  return (
    <div class="wide-table">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">model</th>
            <th scope="col">state</th>
            <th scope="col">trained</th>
            <th scope="col">promoted</th>
            <th scope="col" class="number">
              records
            </th>
            <th scope="col" class="number">
              steps
            </th>
            <th scope="col" class="number">
              held-out nats
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.id} class={model.active ? 'active' : ''}>
              <th scope="row">
                <a href={`/models/${encodeURIComponent(model.id)}${queryString({ pipeline })}`}>
                  <code>{shortId(model.id)}</code>
                </a>
              </th>
              <td data-name="state">
                <StateBadge state={model.state} />
              </td>
              <td data-name="trained">
                <Time at={model.trainedAt} />
              </td>
              <td data-name="promoted">{model.promotedAt === null ? '–' : <Time at={model.promotedAt} />}</td>
              <td data-name="records" class="number">
                {model.rows === null ? '–' : formatCount(model.rows)}
              </td>
              <td data-name="steps" class="number">
                {model.steps === null ? '–' : formatCount(model.steps)}
              </td>
              <td data-name="held-out nats" class="number">
                {model.validationNll === null ? '–' : formatAmount(model.validationNll)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
