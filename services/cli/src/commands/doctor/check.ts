import { FixableError, toOutflowError } from '@outflow/errors'

/** What one check found, for a person. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** What is there, or what is wrong. */
  readonly detail: string
  /** What to do about it; null where nothing is to do. A check that passed with something to do is a warning. */
  readonly fix: string | null
}

export interface Check {
  readonly name: string
  /** The check that must pass before this one. */
  readonly needs?: string
  /** The finding, in one line. @throws the problem; a {@link Shortfall} also has the fix */
  readonly look: () => Promise<string>
  /** The fix when `look` throws an error without one. */
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

/** Something that is not there yet, and comes without a correction. */
export class NotYet extends Shortfall {}

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
    return { name, ok: error instanceof NotYet, detail, fix: error instanceof Shortfall ? error.fix : fix }
  } finally {
    clearTimeout(timer)
  }
}

/** Runs the checks at once, each after the one that it needs. @returns what each finds, in the order of the checks */
export function runChecks(checks: readonly Check[]): readonly Promise<Finding>[] {
  const findings = new Map<string, Promise<Finding>>()
  for (const check of checks) {
    const needed = check.needs === undefined ? undefined : findings.get(check.needs)
    findings.set(check.name, needed === undefined ? runCheck(check) : runAfter(needed, check))
  }
  return [...findings.values()]
}

async function runAfter(needed: Promise<Finding>, check: Check): Promise<Finding> {
  const { name, ok } = await needed
  return ok ? runCheck(check) : { name: check.name, ok: false, detail: `not checked: it needs ${name}`, fix: null }
}
