import { toOutflowError } from '@outflow/errors'
import { answerInTime } from '@outflow/runtime'

/** Result of one check, for a person. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** The finding or the problem. */
  readonly detail: string
  /** How to fix it; null if there is nothing to do. A check that passed with a fix is a warning. */
  readonly fix: string | null
}

export interface Check {
  readonly name: string
  /** The check that must pass before this one. */
  readonly needs?: string
  /** Returns the finding, in one line. @throws the problem; a {@link CheckFailed} also has the fix */
  readonly run: () => Promise<string>
  /** The fix when `run` throws an error without one. */
  readonly fix: string
}

/** A check that got an answer and failed, with its own fix. */
export class CheckFailed extends Error {
  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(problem)
  }
}

/** Something that does not exist yet and is created without a correction: reported as a warning. */
export class NotYetCreated extends CheckFailed {}

/** A broker or database that does not answer fails its check after this time, independent of the timeouts of its client. */
const CHECK_TIMEOUT_MS = 15_000

export async function runCheck({ name, run, fix }: Check, timeoutMs = CHECK_TIMEOUT_MS): Promise<Finding> {
  try {
    return { name, ok: true, detail: await answerInTime(run, timeoutMs), fix: null }
  } catch (error: unknown) {
    const { problem, fix: ownFix } = error instanceof CheckFailed ? error : toOutflowError(error)
    return { name, ok: error instanceof NotYetCreated, detail: problem.split('\n')[0]!, fix: ownFix ?? fix }
  }
}

/** Runs the checks concurrently, each after the one that it needs. @returns the findings, in the order of the checks */
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
