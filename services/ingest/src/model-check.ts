import type { DetectionTarget } from '@outflow/contracts'
import { unreachable } from '@outflow/detector'
import type { CheckResult } from '@outflow/runtime'
import type { ModelLeases } from './model-leases.js'

/** A model for which some decisions are unreachable is ready, because a restart would not help. The detail states them. */
export function modelCheck(
  { current, notOpened }: Pick<ModelLeases, 'current' | 'notOpened'>,
  detection: DetectionTarget,
): CheckResult {
  const why = notOpened && `${notOpened.modelId}, which could not be opened: ${notOpened.error.code}`
  if (current !== null) {
    const limit = unreachable(current.detector.metadata, detection)
    const served = why ? `${current.modelId} instead of ${why}` : current.modelId
    return { ok: true, detail: limit === null ? served : `${served}; ${limit}` }
  }
  const awaited = why
    ? `another model is awaited than ${why}`
    : 'the first model is awaited; outflow status has the reason'
  return { ok: false, detail: awaited }
}
