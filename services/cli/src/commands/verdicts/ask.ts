import { createInterface } from 'node:readline/promises'
import type { Verdict } from '@outflow/contracts/verdict'
import { formatShare } from '@outflow/contracts/wording'
import { labelledAnomalyShare, nextToLabel } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import { type CalibrationRecord, calibrationToLabel } from '@outflow/store/models'
import { formatCount, formatCounted, oneLine, type Terminal } from '@outflow/terminal'
import { printJson } from '../../command-context.js'
import { UsageError } from '../../errors.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'
import { type Author, storeVerdict } from './store-verdict.js'

export interface AskOptions extends PipelineOptions, Author {
  readonly limit: number
}

/**
 * Offers calibration records of the active model, the least likely first, and stores a verdict for each answer on stdin; with --json
 * prints the records to label next instead.
 *
 * @throws {UsageError} when no model is active, or it has no records to label
 */
export async function ask(options: AskOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  await withPipeline(options, async (pool, { pipeline, training }) => {
    const calibration = await calibrationToLabel(pool, pipeline)
    if (calibration === null) throw new UsageError(`pipeline ${pipeline} has no active model yet`)
    const { records, activeId } = calibration
    if (records.length === 0) {
      throw new UsageError(
        `model ${activeId} has no calibration records to label; the next one that the trainer fits has them`,
      )
    }
    if (options.json) {
      const next = nextToLabel(calibration, records).slice(0, options.limit)
      const shown = next.map(({ offset, rank, ...own }) => ({ ...own, rank: rank + 1, offset: `${offset}` }))
      return printJson(terminal, shown)
    }
    const labelled = await askEach(pool, calibration, options, terminal, signal)
    await terminal.result(`${summaryOf(records, labelled)}\n`)
    const share = labelledAnomalyShare(calibration, labelled)
    if (share > NOTABLE * training.contamination) {
      await terminal.result(
        `about ${formatShare(share)} of the calibration records are anomalies, and fits leave ${formatShare(training.contamination)} of their records out: ` +
          `with training.contamination: ${share.toPrecision(1)}, the next model finds more\n`,
      )
    }
  })
}

/** Below it the model loses little. */
const NOTABLE = 2

/** Asks until the labels suffice, the limit is reached, or the person ends it. @returns all records, with their labels */
async function askEach(
  pool: Pool,
  { records, ...plan }: NonNullable<Awaited<ReturnType<typeof calibrationToLabel>>>,
  options: AskOptions,
  terminal: Terminal,
  signal: AbortSignal,
) {
  const lines = createInterface({ input: process.stdin, signal })
  const answers = lines[Symbol.asyncIterator]()
  let current: readonly CalibrationRecord[] = records
  const skipped = new Set<string>()
  try {
    for (let asked = 0; asked < options.limit; asked++) {
      const [record] = nextToLabel(
        plan,
        current.filter(({ id }) => !skipped.has(id)),
      )
      if (record === undefined) break
      terminal.say(describe(record, plan.rows))
      const answer = await readAnswer(answers, terminal)
      if (answer === 'quit') break
      if (answer === 'skip') skipped.add(record.id)
      else {
        const { verdict } = await storeVerdict(pool, answer, record.id, options)
        current = current.map((own) => (own.id === record.id ? { ...own, verdict } : own))
      }
    }
  } finally {
    lines.close()
  }
  return current
}

const ANSWERS: Readonly<Record<string, Verdict | 'skip' | 'quit'>> = {
  c: 'confirmed',
  f: 'false_alarm',
  e: 'expected',
  s: 'skip',
  q: 'quit',
}

async function readAnswer(lines: AsyncIterator<string>, { say, paint }: Terminal) {
  for (;;) {
    say(paint.dim('c confirmed anomaly, f normal, e unusual but expected, s skip, q quit; then Enter'))
    const line = await lines.next()
    if (line.done) return 'quit'
    const answer = ANSWERS[line.value.trim().toLowerCase().slice(0, 1)]
    if (answer !== undefined) return answer
  }
}

function describe({ id, rank, nll, recordTime, record }: CalibrationRecord, rows: number): string {
  const values = Object.entries(record).map(([name, value]) => `  ${name} ${value ?? 'missing'}`)
  const place = `rank ${formatCount(rank + 1)} of ${formatCount(rows)}`
  return ['', `${id}  ${recordTime.toISOString()}  nll ${nll.toFixed(2)}, ${place}`, oneLine(values.join(''))].join(
    '\n',
  )
}

/** States what the labels of this run change; earlier runs may have labelled some of the records. */
export function summaryOf(before: readonly Labelled[], after: readonly Labelled[]): string {
  const given = count(after, isLabelled) - count(before, isLabelled)
  const confirmed = count(after, isConfirmed) - count(before, isConfirmed)
  const found = `${formatCounted(given, 'calibration record')} labelled, ${confirmed} confirmed as anomalies`
  if (given === 0 || !after.some(isConfirmed)) return `${found}: the calibration set stays as it is`
  return `${found}: the trainer removes the anomalies from the calibration set within half a minute; \`outflow models list\` shows the new model`
}

type Labelled = Pick<CalibrationRecord, 'verdict'>

const isLabelled = ({ verdict }: Labelled): boolean => verdict !== null
const isConfirmed = ({ verdict }: Labelled): boolean => verdict === 'confirmed'
const count = (records: readonly Labelled[], is: (record: Labelled) => boolean): number => records.filter(is).length
