import type { Feature, ModelMetadata } from '@outflow/contracts'
import type { Detector, Scores } from '@outflow/detector'
import { type FieldTable, fieldsAt, makeReader, packFields } from '@outflow/records'

/** A model without parameters: nll is the delay, and p = e^−nll. */
export function fixedDetector(features: readonly Feature[], onClose: () => void): Detector {
  // All that is read of a model's metadata here.
  const metadata = { createdAt: '2026-01-01T00:00:00.000Z', features, calibration: { smallestPValue: 1e-4 } }
  return {
    metadata: metadata as unknown as ModelMetadata,
    read: makeReader(features),
    pValues: (nll) => nll.map(pValueOf),
    score: async (batch) => scoresOf(packFields(batch)),
    scoreTable: async (table) => scoresOf(table),
    newValues: async (batch) => batch.map(() => null),
    pUpperLimit: (nll) => Math.min(1, 2 * pValueOf(nll)),
    explain: async () => [],
    windowed: ({ numbers }) => (numbers.length > 1 ? [numbers[1]!] : null),
    missing: () => [],
    sample: async () => [],
    close: async () => onClose(),
  }
}

export const pValueOf = (nll: number): number => Math.exp(-nll)

function scoresOf(table: FieldTable): Scores {
  const nll = Float64Array.from({ length: table.count }, (_, row) => fieldsAt(table, row).numbers[0]!)
  return { nll, pValue: nll.map(pValueOf), unseenValues: 0, missingValues: 0 }
}
