import type { Config } from '@outflow/contracts'
import type { ModelSummary } from '@outflow/store/models'

/** Least number of good records of a provisional model: of fewer, no tail of their NLLs can be fitted. */
export const PROVISIONAL_ROWS = 200

/** A topic that reaches minRows sooner gets its full model first, which alerts on all of its records. */
const PROVISIONAL_AFTER_MS = 60_000

interface FewestRowsOptions {
  readonly training: Pick<Config['training'], 'minRows'>
  /** The active model; undefined: there is none. */
  readonly active: Pick<ModelSummary, 'metadata'> | undefined
  /** For how long the topics have had enough records for a provisional model, ms. */
  readonly enoughForMs: number
}

/**
 * Returns how many good records a fit needs: minRows, or fewer where a provisional model helps, because there is no model although the
 * topics have had enough records for one for a minute, or because the active one is provisional.
 */
export function fewestRows({ training: { minRows }, active, enoughForMs }: FewestRowsOptions): number {
  const isProvisional =
    active === undefined ? enoughForMs >= PROVISIONAL_AFTER_MS : active.metadata?.provisional === true
  return isProvisional ? Math.min(PROVISIONAL_ROWS, minRows) : minRows
}
