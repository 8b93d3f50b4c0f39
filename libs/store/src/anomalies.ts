import type { Position } from '@outflow/contracts'
import type { Queryable } from './pool.js'
import type { Anomaly } from './write-batch.js'

export interface StoredAnomaly extends Anomaly, Position {
  readonly pipeline: string
  readonly detectedAt: Date
}

/** Gives a pipeline's anomalies, the strangest (highest nll) first. */
export function strangestAnomalies(
  db: Queryable,
  query: { readonly pipeline: string; readonly limit: number; readonly detectedSince?: Date },
): Promise<readonly StoredAnomaly[]> {
  throw new Error(`not built yet ${db} ${query}`)
}

/** Gives the anomaly at a position, or null. */
export function anomalyAt(db: Queryable, pipeline: string, position: Position): Promise<StoredAnomaly | null> {
  throw new Error(`not built yet ${db} ${pipeline} ${position}`)
}
