/** Takes what must be undone when the work has ended, however it ended. */
export type Defer = (undo: Undo) => void

type Undo = () => Promise<unknown> | unknown

/**
 * Runs work and then undoes what it deferred, the last first; one that fails does not keep the others from running.
 *
 * @throws what the work threw, else what the first failed undoing threw
 */
export async function withCleanUp<T>(work: (defer: Defer) => Promise<T>): Promise<T> {
  const undoing: Undo[] = []
  const result = await work((undo) => undoing.unshift(undo)).catch(async (error: unknown) => {
    // The first error is the one that is reported.
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
