import type { FitReport } from '@outflow/contracts'
import type { StoredFit } from '@outflow/store/training'
import type { Execute } from './statement.js'
import type { Tables } from './tables.js'

/** The statements of the trainer: requests, fits, their reports, and reads of scores. */
export const TRAINING_STATEMENTS: Readonly<Record<string, Execute>> = {
  store_time: (_, __, { nowMs }) => [{ ms: nowMs }],
  request_retrain: ({ requests }, [, by, why], { nextId, notify }) => {
    const id = nextId()
    requests.set(id, { id, by: by!, why: why!, fitId: null })
    notify('outflow_training')
    return [{ id: String(id) }]
  },
  waiting_request: ({ requests }) =>
    [...requests.values()]
      .filter(({ fitId }) => fitId === null)
      .slice(-1)
      .map(({ by, why }) => ({ by, why })),
  assign_fit: ({ requests }, [, fitId]) => {
    for (const row of requests.values()) if (row.fitId === null) requests.set(row.id, { ...row, fitId: fitId! })
    return []
  },

  start_fit: ({ fits }, [, because, incumbentId, report], { nowMs, nextId }) => {
    const id = String(nextId())
    fits.set(id, {
      ...{ id, because, incumbentId, report: JSON.parse(report), state: 'running', modelId: null, step: 0 },
      ...{ maxSteps: null, startedAt: new Date(nowMs), endedAt: null },
    })
    return [{ id }]
  },
  note_fit_step: ({ fits }, [id, step, maxSteps]) => {
    const row = fits.get(id!)
    if (row?.state === 'running') fits.set(row.id, { ...row, step, maxSteps })
    return []
  },
  end_fit: (tables, [id, state, modelId, report], { nowMs }) => {
    const row = tables.fits.get(id)
    if (row === undefined) return []
    tables.fits.set(row.id, { ...row, state, modelId, report: JSON.parse(report), endedAt: new Date(nowMs) })
    if (state === 'failed' || state === 'abandoned') leaveUnanswered(tables, new Set([id]))
    return []
  },
  abandon_fits: (tables, _, { nowMs }) => {
    const running = [...tables.fits.values()].filter(({ state }) => state === 'running')
    for (const row of running) tables.fits.set(row.id, { ...row, state: 'abandoned', endedAt: new Date(nowMs) })
    leaveUnanswered(tables, new Set(running.map(({ id }) => id)))
    return []
  },
  close_fits_of_model: ({ fits }, [, modelId, state]) => {
    for (const row of fits.values()) if (isShadowsFit(row, modelId!)) fits.set(row.id, { ...row, state })
    return []
  },
  note_shadow_report: ({ fits }, [, modelId, text]) => {
    const shadow = JSON.parse(text!) as FitReport['shadow']
    for (const row of fits.values())
      if (isShadowsFit(row, modelId!)) fits.set(row.id, { ...row, report: { ...row.report, shadow } })
    return []
  },
  list_fits: ({ fits }, values) => {
    const [, modelId, limit] = values as unknown as [string, string | null, number]
    return [...fits.values()]
      .filter((row) => modelId === null || (row.modelId === modelId && row.state !== 'known'))
      .reverse()
      .slice(0, limit)
      .map((row) => ({ ...row }))
  },

  score_minutes: ({ scored }, values) => {
    const [, modelId, from, before] = values as unknown as [string, string, Date, Date]
    return [...scored.values()]
      .filter((row) => row.modelId === modelId && row.minuteMs >= from.getTime() && row.minuteMs < before.getTime())
      .toSorted((a, b) => a.minuteMs - b.minuteMs)
      .map(({ modelId: _, ...minute }) => minute)
  },
  beat: () => [],
  // The simulation has no verdicts, excluded spans or drift alarms: it has too few records to detect drift.
  model_to_trim: () => [],
  confirmed_positions: () => [],
  list_exclusions: () => [],
  list_drift_alarms: () => [],
  count_verdicts: () => [{ dismissed: 0, confirmed: 0 }],
}

/** Statements of the trainer that change nothing. */
export const TRAINING_READS = [
  ...['waiting_request', 'list_fits', 'score_minutes', 'confirmed_positions', 'list_exclusions', 'list_drift_alarms'],
  'count_verdicts',
  'model_to_trim',
]

const isShadowsFit = (row: StoredFit, modelId: string) => row.modelId === modelId && row.state === 'shadow'

/** Queues the requests of these fits again. */
function leaveUnanswered({ requests }: Tables, fitIds: ReadonlySet<string>): void {
  for (const row of requests.values())
    if (row.fitId !== null && fitIds.has(row.fitId)) requests.set(row.id, { ...row, fitId: null })
}
