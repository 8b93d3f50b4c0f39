/** A running pipeline, outflow or a peer. */
export interface Running {
  /** Start of its processes, by `performance.now`. */
  readonly startedAtMs: number
  /** Process ids by name. */
  readonly processes: Readonly<Record<string, number>>
  readonly alertsTopic: string
  /** Number of records that are counted. */
  stored(): Promise<number>
  anomalies(): Promise<number>
  /** Number of alerts that are stored and not sent. */
  unsent(): Promise<number>
  stop(): Promise<void>
}
