type Letters = readonly unknown[]

/** Dead letters by what became of them when they were to be resent. */
interface ResendOutcome {
  readonly queued: Letters
  /** Resent before. */
  readonly before: Letters
  readonly stillInvalid: Letters
  /** On the dead-letter topic without the whole record, because that was too large. */
  readonly cut: Letters
  /** Not on the dead-letter topic yet. */
  readonly unsent: Letters
  readonly gone: Letters
}

/** Formats the numbers of a resend, such as `1 will be resent, 2 would still be rejected`. */
export function formatResend(
  { queued, before, stillInvalid, cut, unsent, gone }: ResendOutcome,
  { isDryRun = false } = {},
): string {
  const others = [
    counted(before, 'was resent before', 'were resent before'),
    counted(stillInvalid, 'would still be rejected', 'would still be rejected'),
    counted(
      cut,
      'was too large for the dead-letter topic and is whole only at its position in the source topic',
      'were too large for the dead-letter topic and are whole only at their positions in the source topic',
    ),
    counted(
      unsent,
      'is in the outbox and not on the dead-letter topic yet',
      'are in the outbox and not on the dead-letter topic yet',
    ),
    counted(gone, 'is no longer on the dead-letter topic', 'are no longer on the dead-letter topic'),
  ]
  const sent = isDryRun ? 'would be resent' : 'will be resent'
  return [`${queued.length.toLocaleString('en')} ${sent}`, ...others.filter((part) => part !== null)].join('; ')
}

function counted({ length }: Letters, one: string, many: string): string | null {
  return length === 0 ? null : `${length.toLocaleString('en')} ${length === 1 ? one : many}`
}
