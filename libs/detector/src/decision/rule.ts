import type { DetectionTarget, ModelMetadata } from '@outflow/contracts'

/** When a record is an anomaly: its p-value is at most the alert rate, or it is a discovery of online false-discovery control. */
export type DecisionRule = { readonly alertRate: number } | { readonly fdr: number }

/** The rule that follows from a configuration and a model. */
export function decisionRule(target: DetectionTarget, model: Pick<ModelMetadata, 'recordsPerDay'>): DecisionRule {
  return target.fdr === undefined ? { alertRate: alertRateOf(target, model) } : { fdr: target.fdr }
}

/** Bounds of a rate derived from a budget: a calibration set does not resolve smaller rates, and people cannot review larger ones. */
const LEAST_RATE = 1e-9
const LARGEST_RATE = 0.1
const DEFAULT_RATE = 0.001

/**
 * The share of normal records that may be anomalies: `alertRate`, a thousandth by default, or `alertBudget` divided by the records a day of the model's
 * training window, by Kafka's record time. It depends only on the model, so that a record that is processed again after a crash
 * gets the same decision.
 *
 * @param model  if it has no `recordsPerDay`, as after a fit to a file, `alertBudget` is ignored
 */
export function alertRateOf(
  { alertRate = DEFAULT_RATE, alertBudget }: DetectionTarget,
  { recordsPerDay }: Pick<ModelMetadata, 'recordsPerDay'>,
): number {
  if (alertBudget === undefined || !recordsPerDay) return alertRate
  return Math.min(LARGEST_RATE, Math.max(LEAST_RATE, alertBudget / recordsPerDay))
}
