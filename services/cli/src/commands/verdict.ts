import { userInfo } from 'node:os'
import { giveOwnVerdict, giveVerdict, mayNameReviewer, type Verdict } from '@outflow/store/anomalies'
import type { Terminal } from '@outflow/terminal'
import type { Command } from 'commander'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { configOption, jsonOption } from '../options.js'
import { parseAnomalyId } from '../positions.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'

const WORDS: readonly (readonly [VerdictWord, string])[] = [
  ['confirmed', 'Confirms an anomaly. No model is fitted to its record.'],
  ['false-alarm', 'Labels an anomaly as an ordinary record.'],
  ['expected', 'Labels an anomaly as unusual but known beforehand, such as a load test.'],
]

export function define(verdict: Command, { terminal }: CommandContext): void {
  verdict
    .description(
      'Stores a verdict on an anomaly. All verdicts are kept, and the latest one of an anomaly counts; the view ' +
        'analyst.precision has the share of confirmed anomalies.',
    )
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow verdict confirmed --anomaly flights/flights/2/18043
  outflow verdict false-alarm --anomaly flights/flights/2/18044 --by ada
  outflow verdict expected --anomaly flights/flights/2/18043 --note 'the airport was closed'`,
    )
  for (const [word, description] of WORDS) {
    verdict
      .command(word)
      .description(description)
      .requiredOption('--anomaly <id>', 'pipeline/topic/partition/offset, the id of its alert')
      .option('--note <text>', 'the reason')
      .option('--by <name>', 'author; default: the user of this machine, or a login that is only a reviewer')
      .addOption(configOption())
      .addOption(jsonOption('the verdict'))
      .action((options: VerdictOptions) => storeVerdict(word, options, terminal))
  }
}

/** A verdict as written on the command line. */
type VerdictWord = 'confirmed' | 'false-alarm' | 'expected'

interface VerdictOptions extends PipelineOptions {
  readonly anomaly: string
  readonly note?: string
  /** Default: the user of this machine; a login that is only a reviewer gives verdicts in its own name. */
  readonly by?: string
}

/** Stores a verdict on an anomaly. @throws {AnomalyUnknown} */
async function storeVerdict(word: VerdictWord, options: VerdictOptions, terminal: Terminal): Promise<void> {
  const { pipeline, position } = parseAnomalyId(options.anomaly)
  const { note = null, by } = options
  const own = { pipeline, ...position, verdict: word.replace('-', '_') as Verdict, note }
  const given = await withPipeline(options, async (pool) => {
    if (await mayNameReviewer(pool)) return giveVerdict(pool, { ...own, by: by ?? userInfo().username })
    if (by !== undefined)
      throw new UsageError('--by takes a login that owns the tables; this one gives verdicts in its own name')
    return giveOwnVerdict(pool, own)
  })
  const text = `${options.anomaly} is ${word}, by ${given.by}`
  await printResult(terminal, options.json, { anomaly: options.anomaly, ...given }, text)
}
