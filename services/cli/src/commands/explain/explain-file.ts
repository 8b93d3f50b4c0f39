import type { Counterfactual, Reason } from '@outflow/contracts'
import { decide, scoreFile } from '@outflow/detector'
import type { Format } from '@outflow/records'
import type { Terminal } from '@outflow/terminal'
import { withModelFile } from '../../model-file.js'
import { openInput } from '../../open-input.js'
import { describeReasons } from './describe-reasons.js'

export interface ExplainOptions {
  readonly model?: string
  readonly input?: string
  readonly anomaly?: string
  readonly config: string
  readonly format?: Format
  readonly alertRate?: number
  readonly onlyAnomalies?: true
  readonly json?: true
}

/** Why a record scored as it did. */
interface Explanation {
  readonly row: number
  readonly line: number
  readonly nll: number
  readonly p_value: number
  readonly anomaly: boolean
  readonly reasons: readonly Reason[]
  readonly counterfactual: Counterfactual | null
}

/** Says of the records of a file why they scored as they did, each as soon as it is known. */
export async function explainFile(
  { model, input, ...options }: ExplainOptions & { readonly model: string; readonly input: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await withModelFile(model, async (detector) => {
    const alertRate = options.alertRate ?? detector.metadata.alertRate
    const source = await openInput(input, options.format)
    for await (const batch of scoreFile(detector, source)) {
      const { isAnomaly } = decide(batch.pValue, { alertRate })
      for (const [index, { line }] of batch.records.entries()) {
        const anomaly = isAnomaly[index] === 1
        if (options.onlyAnomalies && !anomaly) continue
        signal.throwIfAborted()
        const explanation: Explanation = {
          row: batch.firstRow + index,
          line,
          nll: batch.nll[index]!,
          p_value: batch.pValue[index]!,
          anomaly,
          ...(await detector.explain(batch.fields[index]!)),
        }
        await terminal.result(options.json ? `${JSON.stringify(explanation)}\n` : describe(explanation))
      }
    }
  })
}

function describe({ row, line, nll, p_value, anomaly, reasons, counterfactual }: Explanation): string {
  const decision = anomaly ? 'anomaly' : 'normal'
  return `row ${row} (line ${line})  ${decision}  nll ${nll.toFixed(2)} nats  p ${p_value.toPrecision(2)}\n${describeReasons(reasons, counterfactual)}`
}
