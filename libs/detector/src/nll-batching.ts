/** As `Scorer.nll`, with nothing left out. */
export type NllOfRows = (rows: Float32Array, context: Float32Array, count: number) => Promise<Float64Array>

interface NllRequest {
  readonly rows: Float32Array
  readonly context: Float32Array
  readonly count: number
  readonly resolve: (nll: Float64Array) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes one call of those with few rows that come in the same turn of the event loop: a call costs as much as a hundred rows, and of
 * eight partitions each asks for a few at once. What fails together is asked for one by one, so that each gets its own error.
 */
export function batchNllCalls(nll: NllOfRows): NllOfRows {
  let waiting: NllRequest[] = []
  const ask = async () => {
    const asked = waiting
    waiting = []
    const alone = async ({ rows, context, count, resolve, reject }: NllRequest) =>
      nll(rows, context, count).then(resolve, reject)
    if (asked.length === 1) return alone(asked[0]!)
    try {
      const all = await nll(
        joined(asked.map(({ rows }) => rows)),
        joined(asked.map(({ context }) => context)),
        asked.reduce((sum, { count }) => sum + count, 0),
      )
      let at = 0
      for (const { count, resolve } of asked) {
        resolve(all.slice(at, at + count))
        at += count
      }
    } catch {
      for (const own of asked) await alone(own)
    }
  }
  return (rows, context, count) => {
    if (count > FEW) return nll(rows, context, count)
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(ask)
      waiting.push({ rows, context, count, resolve, reject })
    })
  }
}

/** With more, the cost of the call itself is small. */
const FEW = 64

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
