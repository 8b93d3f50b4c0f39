import type { Feature } from '@outflow/contracts'
import { makeObservationReader, makeWindowStates, planWindows } from '@outflow/records'
import { InputInvalid, UsageError } from './errors.js'
import type { SourceRecord } from './record-files/source-record.js'

/** Of a file with more entities than this has room for, those not seen for longest begin anew. */
const MAX_BYTES = 512 * 1024 ** 2
/** Records between two looks at how much memory the states take. */
const SETTLE_EVERY = 1_000

/**
 * Returns the function that takes a file's records, in the file's order, and gives the windowed features of each; null where
 * there are none.
 *
 * @throws {UsageError} when a window goes by what only Kafka's messages have
 */
export function fileWindows(
  file: string,
  features: readonly Feature[],
): ((source: SourceRecord) => readonly number[]) | null {
  const plan = planWindows(features)
  if (plan === null) return null
  for (const feature of features) if (feature.type === 'window') checkFileHasIt(file, feature)
  const read = makeObservationReader(plan)
  const states = makeWindowStates(plan, { maxBytes: MAX_BYTES })
  let seen = 0
  return ({ line, record }) => {
    const observation = read(record, NO_MESSAGE)
    if ('reason' in observation) throw new InputInvalid(file, line, observation.detail)
    seen += 1
    if (seen % SETTLE_EVERY === 0) states.settle()
    return states.observe(observation)
  }
}

/** Neither is looked at: every path is there. */
const NO_MESSAGE = { key: null, timestampMs: Number.NaN }

function checkFileHasIt(file: string, { name, by, at }: Extract<Feature, { readonly type: 'window' }>): void {
  const what = by === undefined ? "Kafka's message key" : "Kafka's timestamp"
  const fix = by === undefined ? 'source.key, or by: of the feature' : 'source.timestamp, or at: of the feature'
  if (by !== undefined && at !== undefined) return
  throw new UsageError(`the windowed feature ${name} needs ${what}, which ${file} does not have; fit with ${fix}`)
}
