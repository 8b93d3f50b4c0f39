import { PROVISIONAL_ROWS } from './fewest-rows.js'
import { type ReadWindow, total } from './training-records.js'

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

/** Returns a line with the reason why a window is not read yet; parameters like those of `tooFewRead`. */
export function tooFewInTopics(rows: number, minRows: number, mayBeProvisional: boolean): string {
  return `training window: ${counted(rows)} in the topics; ${need(minRows, mayBeProvisional)}`
}

function need(minRows: number, mayBeProvisional: boolean): string {
  const provisional =
    mayBeProvisional && minRows > PROVISIONAL_ROWS ? `, a provisional one ${count(PROVISIONAL_ROWS)}` : ''
  return `a fit needs ${count(minRows)}${provisional}`
}

const count = (value: number) => value.toLocaleString('en')
const counted = (value: number) => `${count(value)} ${value === 1 ? 'record' : 'records'}`
