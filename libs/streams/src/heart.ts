/** Beats while a slow delivery is worked on, so that the group does not expel us. */
export interface Heart {
  /** The first failure: a rebalance that was announced, an expulsion, a broker that is away. */
  readonly failure: unknown
  stop(): void
}

export function startHeart(beat: () => Promise<void>, everyMs: number): Heart {
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
