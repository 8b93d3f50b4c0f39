import { MAX_NOTE_CHARS, type Verdict } from '@outflow/contracts/verdict'
import { userName } from '@outflow/runtime/user-name'
import type { Pool } from '@outflow/store'
import { type GivenVerdict, giveOwnVerdict, giveVerdict, mayNameReviewer } from '@outflow/store/anomalies'
import { formatCount } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { requireAnomalyId } from '../../positions.js'

export interface Author {
  /** Default: the user of this machine; a login that is only a reviewer gives verdicts in its own name. */
  readonly by?: string
}

/** Stores a verdict on an anomaly or a calibration record. @throws {AnomalyUnknown | UsageError} */
export async function storeVerdict(
  pool: Pool,
  verdict: Verdict,
  id: string,
  { by, note = null }: Author & { readonly note?: string | null },
): Promise<GivenVerdict> {
  const { pipeline, position } = requireAnomalyId(id)
  const chars = note?.length ?? 0
  if (chars > MAX_NOTE_CHARS) {
    throw new UsageError(
      `--note has ${formatCount(chars)} characters; at most ${formatCount(MAX_NOTE_CHARS)} are allowed`,
    )
  }
  const own = { pipeline, ...position, verdict, note }
  if (await mayNameReviewer(pool)) return giveVerdict(pool, { ...own, by: by ?? userName() })
  if (by !== undefined)
    throw new UsageError('--by takes a login that owns the tables; this one gives verdicts in its own name')
  return giveOwnVerdict(pool, own)
}
