export interface Heartbeat {
  /** The first failure: an announced rebalance, removal from the group, a broker that is not available. */
  failure: unknown
  stop(): void
}

/** Sends heartbeats while a slow delivery is processed, so that the group does not remove this member. */
export function startHeartbeat(beat: () => Promise<void>, everyMs: number): Heartbeat {
  const timer = setInterval(() => {
    beat().catch((error: unknown) => {
      heartbeat.failure ??= error
    })
  }, everyMs)
  const heartbeat: Heartbeat = { failure: undefined, stop: () => clearInterval(timer) }
  return heartbeat
}
