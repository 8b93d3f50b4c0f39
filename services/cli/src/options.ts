import { EARLIEST_MS, LATEST_MS, windowMs } from '@outflow/contracts'
import { userName } from '@outflow/runtime/user-name'
import { InvalidArgumentError, Option } from 'commander'
import { UsageError } from './errors.js'
import type { PipelineOptions } from './store-access.js'

export const seedOption = (): Option =>
  new Option('--seed <n>', 'the same seed gives the same result').argParser(wholeNumber(0))

export const alertRateOption = (otherwise: string): Option =>
  new Option('--alert-rate <share>', `share of normal records that may be anomalies; default: ${otherwise}`).argParser(
    share,
  )

export const jsonOption = (what: string): Option => new Option('--json', `print ${what} as JSON on stdout`)

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least) {
      throw new InvalidArgumentError(`Allowed: a whole number, at least ${least}.`)
    }
    return number
  }
}

/** A time in the past: ISO 8601, in UTC where it has no zone, or `24h` for 24 hours ago. */
export const moment = (text: string): Date => parseTime(text, -1)

/** A time in the future: the same, or `7d` for seven days from now. */
export function ahead(text: string): Date {
  const time = parseTime(text, 1)
  if (time.getTime() > Date.now()) return time
  throw new InvalidArgumentError('Allowed: a time in the future, such as 2027-03-01, or 12h or 7d from now.')
}

function parseTime(text: string, direction: 1 | -1): Date {
  const time = /^\d+[mhd]$/.test(text) ? new Date(Date.now() + direction * windowMs(text)) : parseIso(text)
  if (time.getTime() >= EARLIEST_MS && time.getTime() <= LATEST_MS) return time
  const spans = direction === 1 ? '12h, 7d for a time from now' : '30m, 24h, 7d for a time ago'
  throw new InvalidArgumentError(`Allowed: ISO 8601, such as 2026-01-31T08:00:00Z, or ${spans}; years 1 to 9999.`)
}

/** A time in UTC where the text has no zone; an invalid date where the text is not ISO 8601. */
function parseIso(text: string): Date {
  const day = text.slice(0, DAY_CHARS)
  // JavaScript reads 30 February as 2 March, and gives null for a text that is no date.
  if (new Date(day).toJSON()?.slice(0, DAY_CHARS) !== day) return new Date(Number.NaN)
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text)
  return new Date(hasZone || text === day ? text : `${text}Z`)
}

const DAY_CHARS = 'YYYY-MM-DD'.length

function share(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !(number > 0 && number <= 0.5)) {
    throw new InvalidArgumentError('Allowed: more than 0, at most 0.5.')
  }
  return number
}

/** Two bounds such as `0..90`, `..90` or `90..`; null if there is none. */
export function bounds(text: string): [number | null, number | null] {
  const parts = text.split('..').map((part) => (part.trim() === '' ? null : Number(part)))
  const [low = null, high = null] = parts
  const numbers = parts.filter((part) => part !== null)
  if (parts.length !== 2 || numbers.length === 0 || !numbers.every(Number.isFinite))
    throw new InvalidArgumentError('Allowed: two numbers such as 0..90, or one of them: 90.. or ..90.')
  return [low, high]
}

export const toOption = (): Option => new Option('--to <time>', 'end, not included; default: now').argParser(moment)

export interface RangeOptions extends PipelineOptions {
  readonly from: Date
  /** Default: now. */
  readonly to?: Date
}

/** @throws {UsageError} when the range ends before it begins */
export function rangeOf({ from, to = new Date() }: Pick<RangeOptions, 'from' | 'to'>) {
  if (from < to) return { from, to }
  throw new UsageError(`--from ${from.toISOString()} is not before --to ${to.toISOString()}`)
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const whyOption = (): Option => new Option('--why <text>', 'the reason').argParser(notBlank)

export const byOption = (): Option =>
  new Option('--by <name>', 'author of the change; default: the user of this machine').argParser(notBlank)

export function notBlank(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Allowed: a text that is not blank.')
  return text
}

/** The id of a rule or an exclusion: a bigint of Postgres, as text. */
export function rowId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('Allowed: a whole number.')
  return text
}

export interface ChangeOptions extends PipelineOptions {
  readonly why?: string
  /** Default: the user of this machine. */
  readonly by?: string
}

/** Author of a change and its reason, for the audit log. */
export function changeOf({ by, why }: Pick<ChangeOptions, 'by' | 'why'>) {
  return { by: by ?? userName(), why: why ?? 'requested on the command line' }
}

export const configOption = (): Option => new Option('-c, --config <file>', 'the configuration').default('outflow.yaml')

/** Takes several configurations. @param purpose  what more than one is for */
export const configsOption = (purpose: string): Option =>
  new Option('-c, --config <file>', `the configuration, default: outflow.yaml; repeat it to ${purpose}`).argParser(
    collect,
  )

/** Streams use 0.001; a file rarely has the 2,000 calibration records that this rate requires. */
export const FILE_ALERT_RATE = 0.01
