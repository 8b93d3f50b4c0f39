/**
 * Memory for runs that want arrays of the same sizes in the same order, as the steps of a fit do: each run writes over what the one
 * before it wrote.
 *
 * A step makes hundreds of arrays, two megabytes in all: made anew each time, they took a sixth of the fit, most of it to collect them.
 *
 * @returns what runs something that makes arrays by `zeroed` and `copied`, none of which may outlive it
 */
export function scratch() {
  const own: Memory = { arrays: [], used: 0 }
  return <Result>(run: () => Result): Result => {
    own.used = 0
    open = own
    try {
      return run()
    } finally {
      open = undefined
    }
  }
}

/** Zeros, [size]: of the run that is open, for as long as it lasts; where none is, an array of its own. */
export function zeroed(size: number): Float32Array {
  if (open === undefined) return new Float32Array(size)
  const at = open.used++
  const held = open.arrays[at]
  if (held?.length === size) return held.fill(0)
  const fresh = new Float32Array(size)
  open.arrays[at] = fresh
  return fresh
}

/** A copy, likewise. */
export function copied(values: Float32Array): Float32Array {
  const copy = zeroed(values.length)
  copy.set(values)
  return copy
}

interface Memory {
  readonly arrays: Float32Array[]
  /** By the run that is open. */
  used: number
}

let open: Memory | undefined
