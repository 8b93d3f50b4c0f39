import type { DetectionTarget, ModelMetadata } from '@outflow/contracts'

/** When a record is an anomaly: its p-value is at most the alert rate, or it is a discovery of online false-discovery control. */
export type DecisionRule = { readonly alertRate: number } | { readonly fdr: number }

/** The rule that a configuration comes to under a model. */
export function decisionRule(target: DetectionTarget, model: Pick<ModelMetadata, 'recordsPerDay'>): DecisionRule {
  return target.fdr === undefined ? { alertRate: alertRateOf(target, model) } : { fdr: target.fdr }
}

/** A budget that is turned into a rate stays within what a calibration set and a person can bear. */
const LEAST_RATE = 1e-9
const LARGEST_RATE = 0.1
const DEFAULT_RATE = 0.001

/**
 * The share of normal records that may be anomalies: `alertRate`, a thousandth by default, or `alertBudget` divided by the records a day of the model's
 * training window, by Kafka's record time. It depends on the model and on nothing else, so that a record that is processed
 * again after a crash gets the same decision.
 *
 * @param model  without `recordsPerDay`, as one that was fitted to a file, a budget does not count
 */
export function alertRateOf(
  { alertRate = DEFAULT_RATE, alertBudget }: DetectionTarget,
  { recordsPerDay }: Pick<ModelMetadata, 'recordsPerDay'>,
): number {
  if (alertBudget === undefined || !recordsPerDay) return alertRate
  return Math.min(LARGEST_RATE, Math.max(LEAST_RATE, alertBudget / recordsPerDay))
}
