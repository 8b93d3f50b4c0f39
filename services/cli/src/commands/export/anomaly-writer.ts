import type { StoredAnomaly } from '@outflow/store/anomalies'

/** Writes anomalies in one format, some at a time. */
export interface AnomalyWriter {
  write(anomalies: readonly StoredAnomaly[]): Promise<void>
  /** What the format puts behind the last row. */
  end(): Promise<void>
}
