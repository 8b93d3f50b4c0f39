/**
 * Base class of all errors of outflow: an error has a stable code, states whether it is retryable, and has the values that
 * broke the rule.
 *
 * The message states the rule, the value that broke it and what to do; the original error is the `cause`.
 */
export abstract class OutflowError extends Error {
  abstract readonly code: `OUTFLOW_${string}`
  /** Whether a retry may succeed although nobody changes anything. */
  readonly retryable: boolean = false
  /** The values in the message, for logs and tests. */
  readonly values: Readonly<Record<string, unknown>>
  /** What an operator can do about it; null: nothing, or it depends. */
  readonly fix: string | null

  /** `problem` and `fix` make up the message. */
  constructor(
    readonly problem: string,
    { cause, values = {}, fix = null }: OutflowErrorOptions = {},
  ) {
    super(fix === null ? problem : `${problem}; ${fix}`, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.values = values
    this.fix = fix
  }
}

interface OutflowErrorOptions {
  readonly cause?: unknown
  readonly values?: Readonly<Record<string, unknown>>
  readonly fix?: string | null
}

/** An error that an operator can always fix. */
export abstract class FixableError extends OutflowError {
  constructor(problem: string, fix: string, options?: Omit<OutflowErrorOptions, 'fix'>) {
    super(problem, { ...options, fix })
  }
}

/** An input of the user is wrong: the command line, the configuration or a file. A retry with the same input fails again. */
export abstract class UserError extends OutflowError {}

/**
 * An error of an unknown class: a defect in outflow or in a library that it uses.
 * @fix Report it, with the stack under `cause`.
 */
export class UnexpectedError extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
}

export function isRetryable(error: unknown): boolean {
  return error instanceof OutflowError && error.retryable
}

/** Returns any thrown value as an `OutflowError`; one that already is an `OutflowError` is returned unchanged. */
export function toOutflowError(thrown: unknown): OutflowError {
  if (thrown instanceof OutflowError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new UnexpectedError(message, { cause: thrown })
}
