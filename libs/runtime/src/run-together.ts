/**
 * Runs several things until the signal aborts; when one of them fails, the others are drained first.
 *
 * @throws what the first of them threw
 */
export async function runTogether(
  runs: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const abort = new AbortController()
  const failures: unknown[] = []
  const all = AbortSignal.any([signal, abort.signal])
  await Promise.all(
    runs.map(async (run) => {
      try {
        await run(all)
      } catch (error: unknown) {
        failures.push(error)
        abort.abort(error)
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}
