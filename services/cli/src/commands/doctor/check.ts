import { FixableError, toOutflowError } from '@outflow/errors'

/** What one check found, for a person. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** What is there, or what is wrong. */
  readonly detail: string
  /** What to do about it; null when all is well. */
  readonly fix: string | null
}

export interface Check {
  readonly name: string
  /** What is there, in a line. @throws what is wrong; a {@link Shortfall} also says what to do */
  readonly look: () => Promise<string>
  /** What to do when `look` throws what does not say it itself. */
  readonly fix: string
}

/** Something is answered and found wanting, with the fix that fits just this. */
export class Shortfall extends Error {
  constructor(
    message: string,
    readonly fix: string,
  ) {
    super(message)
  }
}

/** A broker or database that does not answer is found out within this time, whatever its client would wait. */
const CHECK_TIMEOUT_MS = 15_000

export async function runCheck({ name, look, fix }: Check, timeoutMs = CHECK_TIMEOUT_MS): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Shortfall(`no answer within ${timeoutMs / 1000} s`, fix)), timeoutMs)
  })
  try {
    return { name, ok: true, detail: await Promise.race([look(), late]), fix: null }
  } catch (error: unknown) {
    if (error instanceof FixableError) return { name, ok: false, detail: error.problem, fix: error.fix }
    const detail = toOutflowError(error).message.split('\n')[0]!
    return { name, ok: false, detail, fix: error instanceof Shortfall ? error.fix : fix }
  } finally {
    clearTimeout(timer)
  }
}
