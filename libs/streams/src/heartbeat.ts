/** Sends heartbeats while a slow delivery is processed, so that the group does not remove this member. */
export interface Heartbeat {
  /** The first failure: an announced rebalance, removal from the group, a broker that is not available. */
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
