import type { Config, ShadowReport } from '@outflow/contracts'
import { formatShare } from '@outflow/contracts/wording'
import { alertRateOf, sameFeatures } from '@outflow/detector'
import { ModelDamaged, type Pool } from '@outflow/store'
import {
  beginShadow,
  currentShadow,
  failGate,
  listModels,
  loadModel,
  noteShadowReport,
  promoteModel,
  type Shadow,
  unpromotedCandidate,
} from '@outflow/store/models'
import { anomalyBound } from '../fit/gate.js'
import type { TrainerContext } from '../trainer-context.js'

/**
 * Makes a candidate that passed its gate the shadow: it scores live records without deciding for `training.shadow`, then
 * `settleShadow` decides on it. Without an active model, in place of a provisional one, with other features than the active one's, as no
 * batch can then be read for both, or with `training.shadow: 0`, it is promoted at once.
 */
export async function startShadow(
  { config, pool }: TrainerContext,
  id: string,
  why: string,
): Promise<'shadow' | 'promoted'> {
  const { pipeline, training } = config
  if (training.shadow > 0) {
    const models = await listModels(pool, pipeline)
    const active = models.find(({ state }) => state === 'active')?.metadata
    const candidate = models.find((model) => model.id === id)?.metadata
    const isComparable = active?.provisional === false && candidate && sameFeatures(active, candidate.features)
    if (isComparable && (await beginShadow(pool, { pipeline, id }))) return 'shadow'
  }
  await promoteModel(pool, { pipeline, id, by: 'trainer', why })
  return 'promoted'
}

/** Continues with a candidate that passed its gate and whose trainer was killed before making it a shadow or promoting it. */
export async function adoptCandidate(context: TrainerContext): Promise<void> {
  const id = await unpromotedCandidate(context.pool, context.config.pipeline)
  if (id === null) return
  const became = await startShadow(context, id, 'passed its gate under a trainer that has stopped since')
  context.telemetry.candidateAdopted(id, became)
}

/**
 * Ends the shadow when its time has passed: the candidate is promoted, unless it is damaged, or finds more anomalies than the gate allows and
 * more than the active model. A shadow without records continues until another fit is due, and is not promoted then. One ends without being
 * promoted as soon as a person or the guard has activated another model.
 *
 * @returns the shadow's remaining ms, infinite while it has no records; null: there is none
 */
export async function settleShadow(
  { config, pool, telemetry, onProgress }: TrainerContext,
  isFitDue: () => Promise<boolean>,
): Promise<number | null> {
  const { pipeline, training } = config
  const shadow = await currentShadow(pool, pipeline)
  telemetry.shadowCompared(shadow === null ? null : disagreementOf(shadow))
  if (shadow === null) return null
  const leftMs = shadow.isOutdated ? 0 : training.shadow - shadow.elapsedMs
  // A shadow that began in the future began by a clock that was ahead: waiting for it would prevent all fits until then.
  if (leftMs > 0 && shadow.elapsedMs >= 0) return leftMs
  if (shadow.scored === 0 && !shadow.isOutdated && !(await isFitDue())) return Number.POSITIVE_INFINITY
  const { id, metrics } = shadow
  const checked = checkShadow(shadow, config)
  // A damaged shadow that stayed one would prevent all fits.
  const failure = checked.failure ?? (await damageOf(pool, { pipeline, id }))
  const report = { ...checked, failure }
  await noteShadowReport(pool, { pipeline, id, report })
  if (failure === null) {
    await promoteModel(pool, { pipeline, id, by: 'trainer', why: `scored ${report.scored} records as a shadow` })
  } else {
    const failures = [...metrics.failures, failure]
    await failGate(pool, { pipeline, id, metrics: { ...metrics, passed: false, failures } })
  }
  const became = failure === null ? 'promoted' : 'failed_gate'
  telemetry.shadowDecided(became, id, report)
  onProgress?.({ stage: became, modelId: id })
  return null
}

/** The error of a stored model whose bytes do not match their checksum; null: they match. */
async function damageOf(pool: Pool, model: { readonly pipeline: string; readonly id: string }): Promise<string | null> {
  try {
    await loadModel(pool, model)
    return null
  } catch (thrown: unknown) {
    if (thrown instanceof ModelDamaged) return thrown.message
    throw thrown
  }
}

/**
 * Compares what a shadow found with the bound of the gate. One without records fails, because nothing is known about it, and one that was not
 * compared with the active model fails, because its promotion would undo that of the active model.
 */
export function checkShadow(
  shadow: Shadow,
  { detection, training }: Pick<Config, 'detection' | 'training'>,
): ShadowReport {
  const { scored, anomaliesByBoth, anomaliesByActive, anomaliesByShadow } = shadow
  const share = (count: number) => (scored === 0 ? 0 : count / scored)
  const anomalyShare = share(anomaliesByBoth + anomaliesByShadow)
  const activeAnomalyShare = share(anomaliesByBoth + anomaliesByActive)
  const { contamination } = training
  const most = anomalyBound({ alertRate: alertRateOf(detection, shadow), contamination }, scored)
  const floods = anomalyShare > most && anomalyShare > activeAnomalyShare
  const flood = `as a shadow it found anomalies in ${formatShare(anomalyShare)} of ${scored} records; at most ${formatShare(most)} are accepted`
  const failure = shadow.isOutdated ? OUTDATED : scored === 0 ? IDLE : floods ? flood : null
  return {
    forMs: shadow.elapsedMs,
    scored,
    anomalyShare,
    activeAnomalyShare,
    disagreement: disagreementOf(shadow),
    failure,
  }
}

const OUTDATED = 'another model was activated while it was a shadow; outflow models promote makes it the active one'
const IDLE = 'as a shadow it scored no record until the next fit was due'

/** Share of the records that are anomalies under only one of the two. */
function disagreementOf({ scored, anomaliesByActive, anomaliesByShadow }: Shadow): number {
  return scored === 0 ? 0 : (anomaliesByActive + anomaliesByShadow) / scored
}
