/**
 * Reusable memory for repeated runs that allocate arrays of the same sizes in the same order, as training steps do. Each run
 * overwrites the arrays of the run before it.
 *
 * A step allocates hundreds of arrays, 2 MB in total; allocating and collecting them took a sixth of a fit's time.
 *
 * @returns a function that runs code whose `zeroed` and `copied` arrays come from this memory and must not outlive the run
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

/** Zeros, [size]: from the current run's memory, valid until it ends; outside a run, a new array. */
export function zeroed(size: number): Float32Array {
  if (open === undefined) return new Float32Array(size)
  const at = open.used++
  const held = open.arrays[at]
  if (held?.length === size) return held.fill(0)
  const fresh = new Float32Array(size)
  open.arrays[at] = fresh
  return fresh
}

/** A copy, allocated as by `zeroed`. */
export function copied(values: Float32Array): Float32Array {
  const copy = zeroed(values.length)
  copy.set(values)
  return copy
}

interface Memory {
  readonly arrays: Float32Array[]
  /** Arrays used by the current run. */
  used: number
}

let open: Memory | undefined
