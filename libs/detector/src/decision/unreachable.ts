import type { DetectionTarget, ModelMetadata } from '@outflow/contracts'
import { discoverableRecords } from './online-fdr.js'
import { alertRateOf } from './rule.js'
import { severityOf } from './severity.js'

/**
 * Describes the alerts, severities or discoveries that no record can reach with a model, because its calibration set has no tail or it is
 * provisional, so that no p-value is below 1 / (n + 1), or because it contains too many records that are far less likely than the others.
 *
 * @returns one sentence with the rule, the values, and what to change; null if nothing is unreachable
 */
export function unreachable(
  { calibration, recordsPerDay, provisional }: Pick<ModelMetadata, 'calibration' | 'recordsPerDay' | 'provisional'>,
  target: DetectionTarget,
): string | null {
  const { rows, smallestPValue, hasTail, extremes } = calibration
  if (hasTail && !provisional) {
    const rate = alertRateOf(target, { recordsPerDay })
    if (target.fdr !== undefined || !extremes || extremes.pValue <= rate) return null
    const found = `${extremes.rows} of ${rows} calibration records are far less likely than all others`
    return `${found}, so that records like them are not anomalies at an alert rate of ${format(rate)}; label them: outflow verdicts ask`
  }
  const why = provisional ? `of a provisional model of ${rows} records` : `as ${rows} calibration records have no tail`
  const because = `no p-value is below ${format(smallestPValue)}, ${why}`
  if (target.fdr !== undefined) {
    const records = discoverableRecords(target.fdr, smallestPValue)
    const from = records === 0 ? '' : ` after the first ${records} of a partition and until another is`
    return `no record can be a discovery at fdr ${target.fdr}${from}: ${because}; train on more records, or use detection.alertRate`
  }
  const alertRate = alertRateOf(target, { recordsPerDay })
  const highest = smallestPValue <= alertRate ? severityOf(smallestPValue, alertRate) : null
  if (highest === 'high') return null
  const what = highest === null ? 'no record can be an anomaly' : `no anomaly can be more severe than ${highest}`
  return `${what} at an alert rate of ${format(alertRate)}: ${because}; train on more records, or use a larger rate`
}

const format = (share: number) => String(Number(share.toPrecision(2)))
