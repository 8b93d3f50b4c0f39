import type { Detector } from '@outflow/detector'

/** A model that batches may borrow. */
export interface OpenModel {
  readonly modelId: string
  readonly detector: Detector
}

/** An open model lent to one batch. */
export interface Lent {
  readonly model: OpenModel
  /** To be called once, when the batch has ended. */
  readonly giveBack: () => void
}

/** The current model of a kind. A model that was replaced is closed when the last batch has given it back. */
export interface ModelLeases {
  readonly current: OpenModel | null
  /** @returns the model before */
  replace(next: OpenModel | null): OpenModel | null
  /** Lends the current model; null: there is none. */
  lend(): Lent | null
  /** Replaces the current model by none; resolves when all are closed. Leases must have ended. */
  close(): Promise<void>
}

export function makeModelLeases(): ModelLeases {
  let current: { readonly model: OpenModel; leases: number } | null = null
  const closing: Promise<void>[] = []
  const replace = (next: OpenModel | null) => {
    const before = current
    current = next && { model: next, leases: 0 }
    if (before?.leases === 0) closing.push(before.model.detector.close())
    return before?.model ?? null
  }
  return {
    get current() {
      return current?.model ?? null
    },
    replace,
    lend: () => {
      if (current === null) return null
      const held = current
      held.leases += 1
      return {
        model: held.model,
        giveBack: () => {
          held.leases -= 1
          if (held.leases === 0 && held !== current) closing.push(held.model.detector.close())
        },
      }
    },
    close: async () => {
      replace(null)
      await Promise.all(closing)
    },
  }
}
