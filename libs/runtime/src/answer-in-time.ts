/** Kubernetes gives a probe one second by default, and operators commonly raise it to three. Prometheus gives a scrape ten. */
const TIMEOUT_MS = 2_000

/**
 * Returns the answer that a probe or a scrape waits for.
 *
 * @throws {Error} of `ask`, or `no answer` if it takes longer than two seconds
 */
export async function answerInTime<T>(ask: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
  })
  try {
    return await Promise.race([Promise.resolve().then(ask), late])
  } finally {
    clearTimeout(timer)
  }
}
