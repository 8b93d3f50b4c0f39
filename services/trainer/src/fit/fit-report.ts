import type { FitReport } from '@outflow/contracts'
import { type ReadWindow, total } from '../window/training-records.js'

/** @param begin.fromMs  where the window should begin, epoch ms */
export function begunReport(
  { read, seen, sample, isCutShort }: ReadWindow,
  { seed, fromMs, offsets, heldOut }: Readonly<Record<'seed' | 'fromMs' | 'offsets' | 'heldOut', number>>,
): FitReport {
  return {
    seed,
    window: {
      asked: new Date(fromMs).toISOString(),
      from: read.window?.from ?? null,
      to: read.window?.to ?? null,
      shortened: isCutShort ? 'the topic no longer holds its beginning: its retention is shorter' : null,
    },
    records: {
      offsets,
      seen,
      sampled: sample.length,
      fitted: read.fields.length - heldOut,
      heldOut,
      rejected: total(read.rejected),
      rejectedBy: Object.fromEntries(Object.entries(read.rejected).filter(([, count]) => count > 0)),
      excluded: total(read.excluded),
      excludedBy: read.excluded,
    },
    fit: null,
    calibration: null,
    gate: null,
    durationMs: 0,
    error: null,
  }
}
