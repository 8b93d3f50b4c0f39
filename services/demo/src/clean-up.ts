/** Registers a clean-up, which runs when the work has ended, whether it succeeded or failed. */
export type Defer = (undo: Undo) => void

type Undo = () => Promise<unknown> | unknown

/**
 * Runs work and then the clean-ups that it registered, in reverse order; a clean-up that fails does not prevent the others.
 *
 * @throws the error of the work, else that of the first clean-up that failed
 */
export async function withCleanUp<T>(work: (defer: Defer) => Promise<T>): Promise<T> {
  const undoing: Undo[] = []
  const result = await work((undo) => undoing.unshift(undo)).catch(async (error: unknown) => {
    // Only the error of the work is reported.
    await undoAll(undoing).catch(() => {})
    throw error
  })
  await undoAll(undoing)
  return result
}

async function undoAll(undoing: readonly Undo[]): Promise<void> {
  const failures: unknown[] = []
  for (const undo of undoing) {
    try {
      await undo()
    } catch (error: unknown) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
