import { VERDICTS, type Verdict } from '@outflow/contracts/verdict'
import { type CommandContext, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { notBlank, wholeNumber } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'
import { type AskOptions, ask } from './verdicts/ask.js'
import { type Author, storeVerdict } from './verdicts/store-verdict.js'

const DESCRIPTIONS: Readonly<Record<Verdict, string>> = {
  confirmed: 'Confirms an anomaly. No model is fitted to its record.',
  false_alarm: 'Labels an anomaly as a normal record.',
  expected: 'Labels an anomaly as unusual but known beforehand, such as a load test.',
}

export function define(verdicts: OutflowCommand, { terminal }: CommandContext): void {
  verdicts
    .description(
      'Stores verdicts on anomalies and on calibration records. All are kept, and the latest one of a record counts; the view ' +
        'analyst.precision has the share of confirmed anomalies.',
    )
    .examples(
      'outflow verdicts confirmed --anomaly flights/flights/2/18043',
      'outflow verdicts false-alarm --anomaly flights/flights/2/18044 --by ada',
      "outflow verdicts expected --anomaly flights/flights/2/18043 --note 'the airport was closed'",
      'outflow verdicts ask',
      'outflow verdicts ask --json',
    )
  for (const verdict of VERDICTS) {
    const word = verdict.replace('_', '-')
    verdicts
      .command(word)
      .description(DESCRIPTIONS[verdict])
      .requiredOption('--anomaly <id>', 'pipeline/topic/partition/offset: id of its alert, or of a calibration record')
      .option('--note <text>', 'the reason', notBlank)
      .option('--by <name>', BY, notBlank)
      .pipelineOptions('the verdict')
      .action(async (options: VerdictOptions) => {
        const { anomaly, json } = options
        const given = await withPipeline(options, (pool) => storeVerdict(pool, verdict, anomaly, options))
        await printResult(terminal, json, { anomaly, ...given }, `${anomaly} is ${word}, by ${given.by}`)
      })
  }
  verdicts
    .command('ask')
    .description(
      'Offers calibration records of the active model, the least likely first, and asks whether each is an anomaly. Confirmed ones ' +
        'leave the calibration set without a fit; the model then finds more anomalies.',
    )
    .option('--limit <n>', 'maximum number of records', wholeNumber(1), 50)
    .option('--by <name>', BY, notBlank)
    .pipelineOptions('the next records to label, without asking,')
    .action((options: AskOptions) => interruptible((signal) => ask(options, terminal, signal)))
}

const BY = 'author; default: the user of this machine, or a login that is only a reviewer'

interface VerdictOptions extends PipelineOptions, Author {
  readonly anomaly: string
  readonly note?: string
}
