/**
 * The one error family of outflow: every error that leaves a room carries a stable code, whether the same act may
 * succeed when repeated, and the values that broke the rule.
 *
 * The message states the rule, the value that broke it and what to do; the original error rides as `cause`.
 */
export abstract class OutflowError extends Error {
  abstract readonly code: `OUTFLOW_${string}`
  /** Whether the same act may succeed later without anybody changing anything. */
  readonly retryable: boolean = false
  /** The values that the message speaks of, for logs and tests. */
  readonly values: Readonly<Record<string, unknown>>

  constructor(message: string, options: { cause?: unknown; values?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.values = options.values ?? {}
  }
}

/** An error that an operator can fix. `problem` and `fix` make up the message; they are also fields of their own. */
export abstract class FixableError extends OutflowError {
  constructor(
    readonly problem: string,
    readonly fix: string,
    options?: ConstructorParameters<typeof OutflowError>[1],
  ) {
    super(`${problem}; ${fix}`, options)
  }
}

/** Something that a person gave is wrong: the command line, the configuration, a file. The same again fails the same. */
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

/** Returns any thrown value as an `OutflowError`; one that already is comes back unchanged. */
export function toOutflowError(thrown: unknown): OutflowError {
  if (thrown instanceof OutflowError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new UnexpectedError(message, { cause: thrown })
}
