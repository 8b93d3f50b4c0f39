import { isDeepStrictEqual } from 'node:util'
import { type Fit, type FitOptions, type FlowSpec, type FlowState, fitFlow, type TrainingRows } from '@outflow/flow'
import { decodeModel } from './artefact.js'

/** A model to go on from. */
export interface WarmStart {
  readonly artefact: Uint8Array
  /** Whether there is time to fit from nothing as well, and keep the better. */
  readonly hasTime: boolean
}

/** Which fit was kept where there was a model to go on from, by its mean NLL on the flow's own held-out rows. */
export interface StartReport {
  readonly kept: 'warm' | 'cold'
  /** Nats; null: that fit was not made. */
  readonly warmNll: number | null
  readonly coldNll: number | null
  /** Why none went on from the model; null where one did. */
  readonly why: string | null
}

/** A third of a fit from nothing: what is refitted, the rows' scales and the statistics of groups, has moved little. */
const WARM_STEPS = 600
/** Nats. Of two that are as good the one from nothing is kept: the same records then give the same model again. */
const WORTH_A_START = 0.02

/**
 * Fits a flow from nothing and, where a model has one of the very same shape, another that goes on from that; keeps the
 * one that makes the held-out rows likelier. The encoder is refitted, so that columns and context of the old flow mean nearly,
 * and not quite, the same: a start and no more, and where it gains nothing the other is kept.
 */
export async function fitFromBoth(
  data: TrainingRows,
  options: FitOptions,
  start: WarmStart | undefined,
  fit = fitFlow,
): Promise<{ readonly fit: Fit; readonly start: StartReport | null }> {
  if (start === undefined) return { fit: await fit(data, options), start: null }
  const known = flowOf(start.artefact, options.spec)
  if ('why' in known) {
    const cold = await fit(data, options)
    return { fit: cold, start: { kept: 'cold', warmNll: null, coldNll: cold.report.bestNll, why: known.why } }
  }
  const cold = start.hasTime ? await fit(data, options) : null
  const { flow } = known
  const maxSteps = Math.min(WARM_STEPS, options.maxSteps ?? WARM_STEPS)
  const warm = await fit(data, { ...options, spec: flow.spec, start: flow, maxSteps })
  const warmNll = warm.report.bestNll
  const coldNll = cold?.report.bestNll ?? null
  const isWarm = cold === null || warmNll < coldNll! - WORTH_A_START
  return { fit: isWarm ? warm : cold, start: { kept: isWarm ? 'warm' : 'cold', warmNll, coldNll, why: null } }
}

function flowOf(artefact: Uint8Array, spec: FlowSpec): { readonly flow: FlowState } | { readonly why: string } {
  try {
    const { flow } = decodeModel(artefact)
    if (flow === null) return { why: 'it has no flow' }
    // Of what base it is the rows had decided.
    if (isDeepStrictEqual({ ...flow.spec, base: spec.base }, { ...spec, base: spec.base })) return { flow }
    return { why: 'its flow has another shape' }
  } catch {
    return { why: 'it cannot be opened' }
  }
}
