import { isRejection, makeReader } from '@outflow/records'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'
import { readNumber } from './fields.js'

const target: FuzzTarget<string | number> = {
  rule: 'a timestamp is parsed as by a reference parser that reads character by character',
  generate: (random) => {
    if (random.oneIn(4)) return anEpochTime(random)
    const text = aTime(random)
    return random.oneIn(2) ? mutate(random, Buffer.from(text), Buffer.from('0129:-+.,ZzT /')).toString('utf8') : text
  },
  check: (value) => {
    const found = read({ at: value })
    const expected = readTime(value)
    if (!isRejection(found)) expectSame(found.numbers[0], expected, 'read')
    else if (expected !== undefined) throw new WrongValue(`rejected, expected ${expected}`)
  },
}
export default target

const read = makeReader([{ path: '$.at', type: 'cyclic', period: 'day', optional: false }])

function anEpochTime(random: Random): string | number {
  const number = random.between(0, 9_999_999) * 10 ** random.between(0, 13) + random.below(1_000)
  if (random.oneIn(4)) return number / 1_000
  return random.oneIn(2) ? number : `${number}${random.oneIn(3) ? `.${random.below(1_000)}` : ''}`
}

function aTime(random: Random): string {
  const two = (most: number) => String(random.between(0, most)).padStart(2, '0')
  const separator = random.pick(['-', '-', '/'])
  const date = `${random.pick([1970, 2000, 2024, 2026, 99, 100, 1582, random.below(10_000)])}`.padStart(4, '0')
  const day = `${date}${separator}${two(13)}${separator}${two(32)}`
  if (random.oneIn(6)) return day
  const seconds = random.oneIn(4) ? '' : `:${two(61)}`
  const fraction = random.oneIn(2) ? '' : `${random.pick(['.', ','])}${random.list(9, () => random.below(10)).join('')}`
  const zone = random.pick(['', 'Z', 'z', ' Z', `+${two(19)}`, `-${two(19)}${two(60)}`, `+${two(19)}:${two(60)}`])
  return `${day}${random.pick(['T', ' ', 't'])}${two(24)}:${two(60)}${seconds}${seconds && fraction}${zone}`
}

/** The reference: epoch ms, NaN if it is missing, undefined if it is not a time. */
function readTime(value: string | number): number | undefined {
  if (typeof value === 'number') return readEpoch(value)
  const time = readText(value)
  if (time !== undefined) return time
  const number = readNumber(value)
  return number === undefined || Number.isNaN(number) ? number : readEpoch(number)
}

function readText(value: string): number | undefined {
  if (value.length > 64) return undefined
  const [whole = '', fraction, ...more] = value.split('.')
  const isEpoch = isDigits(whole, 9, 19) && more.length === 0 && (fraction === undefined || isDigits(fraction, 1, 9))
  return isEpoch ? readEpoch(Number(value)) : readIso(value.trim())
}

function readEpoch(value: number): number | undefined {
  if (value >= 1e8 && value < 1e10) return value * 1e3
  if (value >= 1e11 && value < Date.UTC(10_000, 0)) return value
  if (value >= 3e14 && value < 1e16) return value * 1e-3
  return value >= 3e17 && value < 1e19 ? value * 1e-6 : undefined
}

function readIso(text: string): number | undefined {
  let at = 0
  const number = (length: number): number => {
    const digits = text.slice(at, at + length)
    at += length
    return isDigits(digits, length, length) ? Number(digits) : Number.NaN
  }
  const takeOne = (of: string): boolean => at < text.length && of.includes(text[at]!) && at++ >= 0
  const year = number(4)
  const month = takeOne('-/') ? number(2) : Number.NaN
  const day = takeOne('-/') ? number(2) : Number.NaN
  let [hour, minute, second, ms, offset] = [0, 0, 0, 0, 0]
  if (at < text.length) {
    hour = takeOne('Tt ') ? number(2) : Number.NaN
    minute = takeOne(':') ? number(2) : Number.NaN
    if (takeOne(':')) {
      second = number(2)
      if (takeOne('.,')) {
        const from = at
        while (isDigits(text[at] ?? '', 1, 1)) at++
        if (at === from || at - from > 9) return undefined
        ms = Number(text.slice(from, at).padEnd(3, '0').slice(0, 3))
      }
    }
    const spaceAt = at
    while (at < text.length && text[at]!.trim() === '') at++
    if (at < text.length && !takeOne('Zz')) {
      const sign = takeOne('+') ? 1 : takeOne('-') ? -1 : Number.NaN
      const hours = number(2)
      let minutes = 0
      if (at < text.length) {
        takeOne(':')
        minutes = number(2)
      }
      if (!(hours <= 18 && minutes <= 59)) return undefined
      offset = sign * (hours * 60 + minutes)
    } else if (at === text.length && at > spaceAt && !'Zz'.includes(text[at - 1]!)) return undefined
  }
  const dayMs = new Date(0).setUTCFullYear(year, month - 1, day)
  const isDay = year >= 1 && month >= 1 && month <= 12 && new Date(dayMs).getUTCDate() === day
  const isTime = at === text.length && hour <= 23 && minute <= 59 && second <= 60
  if (!isDay || !isTime || Number.isNaN(offset)) return undefined
  return dayMs + (hour * 60 + minute - offset) * 60_000 + second * 1_000 + ms
}

function isDigits(text: string, least: number, most: number): boolean {
  return (
    text.length >= least && text.length <= most && [...text].every((character) => character >= '0' && character <= '9')
  )
}
