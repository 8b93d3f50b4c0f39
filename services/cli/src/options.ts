import { InvalidArgumentError, Option } from 'commander'
import { FORMATS } from './record-files/format.js'

export const seedOption = (): Option =>
  new Option('--seed <n>', 'the same seed gives the same result').argParser(wholeNumber(0))

export const formatOption = (): Option =>
  new Option(
    '--format <format>',
    'what stdout, else stdin, holds; default: as the names say, or the first byte',
  ).choices(FORMATS)

export const alertRateOption = (otherwise: string): Option =>
  new Option('--alert-rate <share>', `share of normal records that may be flagged; default: ${otherwise}`).argParser(
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

const AGO_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A moment: ISO 8601, or `24h` for that long ago. */
export function moment(text: string): Date {
  const ago = /^(\d+)([mhd])$/.exec(text)
  const ms = ago ? Date.now() - Number(ago[1]) * AGO_MS[ago[2] as keyof typeof AGO_MS] : Date.parse(text)
  if (!/^\d/.test(text) || Number.isNaN(ms)) {
    throw new InvalidArgumentError('Allowed: ISO 8601, such as 2026-01-31T08:00:00Z, or 30m, 24h, 7d for so long ago.')
  }
  return new Date(ms)
}

function share(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !(number > 0 && number <= 0.5)) {
    throw new InvalidArgumentError('Allowed: more than 0, at most 0.5.')
  }
  return number
}

/** A point in time, in UTC where it names no zone. */
export function instant(text: string): Date {
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text)
  const time = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time))
    throw new InvalidArgumentError('Allowed: ISO 8601, such as 2026-03-01T10:00Z.')
  return new Date(time)
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const whyOption = (): Option => new Option('--why <text>', 'the reason, for those who look later')

export const byOption = (): Option => new Option('--by <name>', 'who asks for it; default: the user of this machine')

export const configOption = (): Option => new Option('--config <file>', 'the configuration').default('outflow.yaml')

/** A stream is watched at 0.001; a file seldom has the 2,000 calibration records that such a rate needs to be resolved. */
export const FILE_ALERT_RATE = 0.01
