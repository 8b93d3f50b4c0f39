/** A pipeline at work, outflow or a peer. */
export interface Running {
  /** When its processes were started, by `performance.now`. */
  readonly startedAtMs: number
  /** Process ids by name. */
  readonly processes: Readonly<Record<string, number>>
  readonly alertsTopic: string
  /** How many records are counted. */
  stored(): Promise<number>
  anomalies(): Promise<number>
  /** How many alerts are stored and not sent. */
  unsent(): Promise<number>
  stop(): Promise<void>
}
