import type { Config } from '@outflow/contracts'
import type { ModelSummary } from '@outflow/store/models'
import { type ReadWindow, total } from './training-records.js'

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

/**
 * Returns a line with the reason why no model can be fitted to a window that was read.
 *
 * @param mayBeProvisional  whether a provisional model would be of use; it is not if a full one is active
 */
export function tooFewRead({ read, seen, sample }: ReadWindow, minRows: number, mayBeProvisional: boolean): string {
  const { rejected, rejectedExample, excluded } = read
  const sampled = sample.length
  const parts = [sampled < seen ? `${count(sampled)} of ${counted(seen)} read` : `${counted(sampled)} read`]
  const broken = total(rejected)
  if (broken > 0) parts.push(`${count(broken)} rejected, for example: ${rejectedExample}`)
  if (total(excluded) > 0) parts.push(`${count(total(excluded))} excluded`)
  return `training window: ${parts.join(', ')}; ${need(minRows, mayBeProvisional)}`
}

/**
 * Returns a line with the reason why a window is not read yet; parameters like those of `tooFewRead`. With enough records for a provisional
 * model, its minute is not over.
 */
export function tooFewInTopics(rows: number, minRows: number, mayBeProvisional: boolean): string {
  const isEnoughSoon = mayBeProvisional && rows >= PROVISIONAL_ROWS
  const next = isEnoughSoon
    ? `${need(minRows, false)}; a provisional one starts within a minute`
    : need(minRows, mayBeProvisional)
  return `training window: ${counted(rows)} in the topics; ${next}`
}

function need(minRows: number, mayBeProvisional: boolean): string {
  const provisional =
    mayBeProvisional && minRows > PROVISIONAL_ROWS ? `, a provisional one ${count(PROVISIONAL_ROWS)}` : ''
  return `a fit needs ${count(minRows)}${provisional}`
}

const count = (value: number) => value.toLocaleString('en')
const counted = (value: number) => `${count(value)} ${value === 1 ? 'record' : 'records'}`
