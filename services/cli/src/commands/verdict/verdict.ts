import { userInfo } from 'node:os'
import { giveVerdict, type Verdict } from '@outflow/store/anomalies'
import type { Terminal } from '@outflow/terminal'
import { parseAnomalyId } from '../../positions.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'

/** A verdict as the command line spells it. */
export type VerdictWord = 'confirmed' | 'false-alarm' | 'expected'

export interface VerdictOptions extends PipelineOptions {
  readonly anomaly: string
  readonly note?: string
  /** Default: the user of this machine. */
  readonly by?: string
}

/** Stores a verdict on an anomaly. @throws {AnomalyUnknown} */
export async function judge(word: VerdictWord, options: VerdictOptions, terminal: Terminal): Promise<void> {
  const { pipeline, position } = parseAnomalyId(options.anomaly)
  const { note = null, by = userInfo().username } = options
  const verdict = word.replace('-', '_') as Verdict
  const given = await withPipeline(options, (pool) => giveVerdict(pool, { pipeline, ...position, verdict, note, by }))
  await terminal.result(
    options.json
      ? `${JSON.stringify({ anomaly: options.anomaly, ...given })}\n`
      : `${options.anomaly} is ${word}, by ${given.by}\n`,
  )
}
