/** `Scorer.nll` with all arguments. */
export type NllOfRows = (rows: Float32Array, context: Float32Array, count: number) => Promise<Float64Array>

interface NllRequest {
  readonly rows: Float32Array
  readonly context: Float32Array
  readonly count: number
  readonly resolve: (nll: Float64Array) => void
  readonly reject: (error: unknown) => void
}

/**
 * Merges the calls with few rows of one turn of the event loop into one: a call costs as much as a hundred rows, and each of eight
 * partitions can request a few at once. If the merged call fails, the requests are repeated one by one, so that each gets its own
 * error.
 */
export function batchNllCalls(nll: NllOfRows): NllOfRows {
  let pending: NllRequest[] = []
  const flush = async () => {
    const requests = pending
    pending = []
    const scoreAlone = async ({ rows, context, count, resolve, reject }: NllRequest) =>
      nll(rows, context, count).then(resolve, reject)
    if (requests.length === 1) return scoreAlone(requests[0]!)
    try {
      const all = await nll(
        joined(requests.map(({ rows }) => rows)),
        joined(requests.map(({ context }) => context)),
        requests.reduce((sum, { count }) => sum + count, 0),
      )
      let at = 0
      for (const { count, resolve } of requests) {
        resolve(all.slice(at, at + count))
        at += count
      }
    } catch {
      for (const own of requests) await scoreAlone(own)
    }
  }
  return (rows, context, count) => {
    if (count > FEW) return nll(rows, context, count)
    return new Promise((resolve, reject) => {
      if (pending.length === 0) setImmediate(flush)
      pending.push({ rows, context, count, resolve, reject })
    })
  }
}

/** With more rows, the fixed cost of a call is small. */
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
