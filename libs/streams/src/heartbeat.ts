/** Beats while a slow delivery is worked on, so that the group does not expel us. */
export interface Heartbeat {
  /** The first failure: a rebalance that was announced, an expulsion, a broker that is away. */
  readonly failure: unknown
  stop(): void
}

export function startHeartbeat(beat: () => Promise<void>, everyMs: number): Heartbeat {
  let failure: unknown
  const timer = setInterval(() => {
    beat().catch((error: unknown) => {
      failure ??= error
    })
  }, everyMs)
  return {
    get failure() {
      return failure
    },
    stop: () => clearInterval(timer),
  }
}
