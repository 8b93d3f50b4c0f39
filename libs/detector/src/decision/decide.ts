import type { FdrState, Severity } from '@outflow/contracts'
import { beginFdr, discover } from './online-fdr.js'
import type { DecisionRule } from './rule.js'
import { severityOf } from './severity.js'

/** Which records of a batch are anomalies. */
export interface Decisions {
  /** [count]; 1 if the record is an anomaly */
  readonly isAnomaly: Uint8Array
  /** In the order of the records. */
  readonly anomalies: readonly { readonly index: number; readonly severity: Severity }[]
  /** State of online false-discovery control after the batch; null if the rule is an alert rate. */
  readonly fdrState: FdrState | null
}

/**
 * Decides which records are anomalies. Every decision of outflow is made here.
 *
 * @param pValue     [count], in the order of the stream
 * @param fdrBefore  state of online false-discovery control after the records before; null, or a state of another `fdr`:
 *   control begins with this batch
 */
export function decide(pValue: Float64Array, rule: DecisionRule, fdrBefore: FdrState | null = null): Decisions {
  const { places, levels, state } =
    'fdr' in rule
      ? discover(fdrBefore?.fdr === rule.fdr ? fdrBefore : beginFdr(rule.fdr), pValue)
      : upTo(pValue, rule.alertRate)
  const isAnomaly = new Uint8Array(pValue.length)
  const anomalies = places.map((index, place) => {
    isAnomaly[index] = 1
    return { index, severity: severityOf(pValue[index]!, levels[place]!) }
  })
  return { isAnomaly, anomalies, fdrState: state }
}

function upTo(pValue: Float64Array, alertRate: number) {
  const places: number[] = []
  for (let index = 0; index < pValue.length; index++) if (pValue[index]! <= alertRate) places.push(index)
  return { places, levels: places.map(() => alertRate), state: null }
}
