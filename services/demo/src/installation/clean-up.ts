/** Registers a clean-up, which runs when the work has ended, whether it succeeded or failed. */
export type Defer = (undo: () => unknown) => void

/**
 * Runs work and then the clean-ups that it registered, in reverse order; a clean-up that fails does not prevent the others.
 *
 * @throws the error of the work, else that of the first clean-up that failed
 */
export async function withCleanUp(work: (defer: Defer) => Promise<void>): Promise<void> {
  const undoing: (() => unknown)[] = []
  const failures: unknown[] = []
  const attempt = async (run: () => unknown) => {
    try {
      await run()
    } catch (error: unknown) {
      failures.push(error)
    }
  }
  await attempt(() => work((undo) => undoing.unshift(undo)))
  for (const undo of undoing) await attempt(undo)
  if (failures.length > 0) throw failures[0]
}
