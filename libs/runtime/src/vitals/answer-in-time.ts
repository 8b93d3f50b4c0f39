/** Kubernetes gives a probe one second by default, and operators commonly raise it to three. Prometheus gives a scrape ten. */
const TIMEOUT_MS = 2_000

/**
 * Returns the answer that a probe, a scrape or a check waits for.
 *
 * @param timeoutMs  default: two seconds
 * @throws {Error} of `ask`, or `no answer` if it takes longer
 */
export async function answerInTime<T>(ask: () => T | Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs)
  })
  try {
    return await Promise.race([Promise.resolve().then(ask), late])
  } finally {
    clearTimeout(timer)
  }
}
