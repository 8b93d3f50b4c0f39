import { recalibrate } from '@outflow/detector'
import { isPoorModel, pValueOf } from './fixed-model.js'
import type { SimulatedPostgres } from './simulated-postgres.js'

/** Checks after each commit that at most one model is active, and that it passed its gate. */
export function watchModels({ tables, onCommit }: SimulatedPostgres, violated: (what: string) => void): void {
  onCommit.add(() => {
    const active = [...tables.models.values()].filter(({ state }) => state === 'active')
    if (active.length > 1) violated(`${active.length} models are active`)
    for (const { id, metrics, artefact } of active)
      if (!metrics.passed || isPoorModel(artefact)) violated(`model ${id} is active and did not pass its gate`)
  })
}

/** Returns violations of models, fits and requests at the end. */
export function trainingViolations({ tables }: SimulatedPostgres): readonly string[] {
  const { models, modelChanges, fits, requests, recalibrations, anomalies } = tables
  const found: string[] = []
  let activeId: string | null = null
  for (const { modelId, previousId } of modelChanges.values()) {
    if (activeId !== null && previousId !== activeId)
      found.push(`a change is from ${previousId}, and ${activeId} was active`)
    activeId = modelId
  }
  const active = [...models.values()].find(({ state }) => state === 'active')?.id
  if (activeId !== null && active !== activeId) found.push(`${active} is active, and ${activeId} was made so last`)
  for (const { id, state, modelId, report } of fits.values()) {
    if (state === 'running') found.push(`fit ${id} is still running`)
    const isOver = state === 'failed' || state === 'abandoned'
    if (isOver !== (modelId === null) && state !== 'running') found.push(`fit ${id} is ${state}, with model ${modelId}`)
    if (modelId !== null && report.gate === null) found.push(`fit ${id} has no report of a gate`)
    const model = modelId === null ? undefined : models.get(modelId)
    if (state === 'promoted' && model?.promotedAt == null) found.push(`fit ${id} is promoted, and its model never was`)
  }
  for (const { id, fitId } of requests.values()) {
    const state = fitId === null ? null : fits.get(fitId)?.state
    if (state === undefined || state === 'failed' || state === 'abandoned')
      found.push(`request ${id} has a fit that is ${state}`)
  }
  for (const [key, { nll, p_value, model_id, recalibration_id, provisional }] of anomalies) {
    const row = recalibration_id == null ? undefined : recalibrations.get(BigInt(recalibration_id))
    const [due] = recalibrate(row?.recalibration ?? null, Float64Array.of(pValueOf(nll)))
    if (p_value !== due) found.push(`anomaly ${key} has the p-value ${p_value}, due is ${due}`)
    if (row !== undefined && row.modelId !== model_id) found.push(`anomaly ${key} is recalibrated as of another model`)
    const model = models.get(model_id)
    if (provisional !== model?.metadata.provisional) found.push(`anomaly ${key} is provisional: ${provisional}`)
    if (model?.promotedAt == null) found.push(`anomaly ${key} is of a model that never was active`)
  }
  return found
}
