import { type Encoder, numberOf, roundToStep, unseenCategories, withCategory } from '@outflow/encoding'
import { type Fields, numberColumnsOf } from '@outflow/records/fields'

/** A record with a mistake of a known kind undone. */
interface Repair {
  readonly fields: Fields
  /** The mistake, such as `kilometres instead of miles`. */
  readonly mistake: string
  /**
   * log of the factors from the likelihood of the repaired record to that of the observed one: the repair's share of its kind's
   * prior, and the number of values that the mistake maps to one.
   */
  readonly logWeight: number
}

/** Alternative repairs of one kind of mistake in one place of a record. */
type Kind = readonly Repair[]

/**
 * Lists the possible repairs of a record: of units and decimal points, temperature scales, lost signs, digits, swapped numbers,
 * times, misspelt categories. Kinds of mistakes without a possible repair are also counted, because they share the prior.
 *
 * @param maySwap   whether two numbers may have been swapped
 */
export function repairsOf(
  encoder: Encoder,
  fields: Fields,
  fitOf: FitOf,
  maySwap: (i: number, j: number) => boolean,
): { readonly repairs: readonly Repair[]; readonly kinds: number } {
  const present = numberColumnsOf(encoder.features).filter(({ at }) => !Number.isNaN(fields.numbers[at]!))
  const measured = present.flatMap(({ feature, at }) => (feature.type === 'numeric' ? [at] : []))
  const pairs = (measured.length * (measured.length - 1)) / 2
  const swaps = measured.flatMap((i, place) =>
    measured.slice(place + 1).flatMap((j) => (maySwap(i, j) ? swap(encoder, fields, i, j) : [])),
  )
  const times = present.flatMap(({ feature, at }) => (feature.type === 'cyclic' ? [{ path: feature.path, at }] : []))
  const ofTimes = [...new Set(times.map(({ path }) => path))].flatMap((path) =>
    timeRepairs(
      encoder,
      fields,
      times.flatMap((time) => (time.path === path ? [time.at] : [])),
      fitOf,
    ),
  )
  const others = [...ofTimes, ...misspellings(encoder, fields)]
  return {
    repairs: [...measured.flatMap((j) => numberRepairs(encoder, fields, j, fitOf(j))), ...swaps, ...others.flat()],
    kinds: NUMBER_KINDS * measured.length + pairs + others.length,
  }
}

/**
 * For a number whose change can make the record normal: whether a value, in the column's own unit, does so; undefined for other
 * numbers. Repairs of other numbers and to other values are ruled out.
 */
type FitOf = (j: number) => ((value: number) => boolean) | undefined

function numberRepairs(encoder: Encoder, fields: Fields, j: number, mayFit: ReturnType<FitOf>): readonly Repair[] {
  const x = numberOf(encoder, fields, j)
  // A sensor that is dead and a default of 0 are likelier than 0 °C in place of °F.
  if (mayFit === undefined || x === 0) return []
  return numberMistakes(x).flatMap((kind) =>
    kind.flatMap(({ value, slope, mistake }) => {
      const repaired = onLattice(encoder, j, value, slope)
      if (repaired === null || repaired.value === x || !mayFit(repaired.value)) return []
      const changed = { ...fields, numbers: fields.numbers.with(j, repaired.value) }
      return [{ fields: changed, mistake, logWeight: repaired.logWeight - Math.log(kind.length) }]
    }),
  )
}

/** @param columns  the numbers of one time, such as its hour of the day and its day of the week */
function timeRepairs(encoder: Encoder, fields: Fields, columns: readonly number[], fitOf: FitOf): readonly Kind[] {
  return timeMistakes(fields.numbers[columns[0]!]!).map((kind) =>
    kind.flatMap(({ value, mistake }) => {
      const changed = { ...fields, numbers: fields.numbers.map((number, j) => (columns.includes(j) ? value : number)) }
      if (!columns.some((j) => fitOf(j)?.(numberOf(encoder, changed, j)))) return []
      return [{ fields: changed, mistake, logWeight: -Math.log(kind.length) }]
    }),
  )
}

interface NumberRepair {
  readonly value: number
  /** |d value / d x| */
  readonly slope: number
  readonly mistake: string
}

/** The mistakes by factor: for a number that is this many times too large, and for one that is too small. */
const UNITS: readonly (readonly [factor: number, tooLarge: string, tooSmall: string])[] = [
  [1.609344, 'kilometres instead of miles', 'miles instead of kilometres'],
  [2.54, 'centimetres instead of inches', 'inches instead of centimetres'],
  [1 / 0.45359237, 'pounds instead of kilograms', 'kilograms instead of pounds'],
  [60, 'seconds instead of minutes', 'minutes instead of seconds'],
  [3_600, 'seconds instead of hours', 'hours instead of seconds'],
  [86_400, 'seconds instead of days', 'days instead of seconds'],
]
const DECIMALS = [10, 100, 1_000]
/** Number of kinds in `numberMistakes`: units, decimal points, temperatures, the sign, transposed and lost digits. */
const NUMBER_KINDS = UNITS.length + 5

function numberMistakes(x: number): readonly (readonly NumberRepair[])[] {
  const scaled = (factor: number, tooLarge: string, tooSmall: string): readonly NumberRepair[] => [
    { value: x / factor, slope: 1 / factor, mistake: tooLarge },
    { value: x * factor, slope: factor, mistake: tooSmall },
  ]
  const digits = digitMistakes(x)
  return [
    ...UNITS.map(([factor, tooLarge, tooSmall]) => scaled(factor, tooLarge, tooSmall)),
    DECIMALS.flatMap((factor) => scaled(factor, `${factor} times too large`, `${factor} times too small`)),
    [
      { value: ((x - 32) * 5) / 9, slope: 5 / 9, mistake: '°F instead of °C' },
      { value: (x * 9) / 5 + 32, slope: 9 / 5, mistake: '°C instead of °F' },
    ],
    [{ value: -x, slope: 1, mistake: 'the sign is wrong' }],
    digits.transposed,
    digits.lost,
  ]
}

/** Longer numbers are not tried: a lost digit has ten candidates in each place. */
const MOST_DIGITS = 9

/** Mistakes in the digits of a whole number; candidates that begin with 0 are left out. */
function digitMistakes(x: number): {
  readonly transposed: readonly NumberRepair[]
  readonly lost: readonly NumberRepair[]
} {
  const digits = String(Math.abs(x))
  if (!/^\d+$/.test(digits) || digits.length > MOST_DIGITS) return { transposed: [], lost: [] }
  const repairs = (texts: readonly string[], mistake: string) =>
    texts.flatMap((text) => (text.startsWith('0') ? [] : [{ value: Math.sign(x) * Number(text), slope: 1, mistake }]))
  const transposed = Array.from(
    { length: digits.length - 1 },
    (_, at) => `${digits.slice(0, at)}${digits[at + 1]}${digits[at]}${digits.slice(at + 2)}`,
  )
  const lost = Array.from({ length: 10 * (digits.length + 1) }, (_, k) => {
    const at = Math.floor(k / 10)
    return `${digits.slice(0, at)}${k % 10}${digits.slice(at)}`
  })
  return { transposed: repairs(transposed, 'two digits are transposed'), lost: repairs(lost, 'a digit is lost') }
}

/**
 * A repaired value, rounded to the column's step; null if the mistake cannot turn a multiple of the step into the observed
 * number. In a column with steps, a mistake that shrinks values maps several to one; a mistake that enlarges them leaves gaps, and
 * a number outside the gaps is evidence of the mistake.
 */
function onLattice(
  { numbers }: Encoder,
  j: number,
  value: number,
  slope: number,
): { readonly value: number; readonly logWeight: number } | null {
  const column = numbers[j]!
  if (column.quantum === 0) return { value, logWeight: Math.log(slope) }
  const rounded = roundToStep(column, value)
  if (Math.abs(rounded - value) > (slope * column.quantum) / 2 + ROUNDING * Math.abs(value)) return null
  return { value: rounded, logWeight: Math.log(Math.max(1, slope)) }
}

const ROUNDING = 1e-9

function swap({ numbers }: Encoder, fields: Fields, i: number, j: number): Kind {
  const [x, y] = [fields.numbers[i]!, fields.numbers[j]!]
  const isSeen = (column: number, value: number) => {
    const { quantiles, quantum, usual } = numbers[column]!
    const isStep = quantum === 0 || Math.abs(roundToStep(numbers[column]!, value) - value) <= ROUNDING * Math.abs(value)
    return value === usual || (isStep && quantiles[0]! <= value && value <= quantiles.at(-1)!)
  }
  if (x === y || !isSeen(i, y) || !isSeen(j, x)) return []
  const mistake = `${numbers[i]!.name} and ${numbers[j]!.name} are swapped`
  return [{ fields: { ...fields, numbers: fields.numbers.with(i, y).with(j, x) }, mistake, logWeight: 0 }]
}

const HOUR_MS = 3_600_000

/** @param time  epoch ms */
function timeMistakes(time: number): readonly (readonly { readonly value: number; readonly mistake: string }[])[] {
  const hours = Array.from({ length: 24 }, (_, k) => k - 11).filter((hour) => hour !== 0)
  const shifts = hours.map((hour) => {
    const mistake = `the time is ${Math.abs(hour)} h too ${hour > 0 ? 'early' : 'late'}`
    return { value: time + hour * HOUR_MS, mistake }
  })
  const date = new Date(time)
  const [day, month] = [date.getUTCDate(), date.getUTCMonth() + 1]
  if (day > 12 || day === month || Number.isNaN(day)) return [shifts, []]
  const exchanged = new Date(time)
  exchanged.setUTCMonth(day - 1, month)
  return [shifts, [{ value: exchanged.getTime(), mistake: 'day and month are exchanged' }]]
}

/** For each category with an unseen value, the known values that differ by case, blanks or one letter. */
function misspellings(encoder: Encoder, fields: Fields): readonly Kind[] {
  return unseenCategories(encoder, fields).map(({ k, field, value }) => {
    const own = plain(value)
    const known = encoder.tree.vocabularies[k]!.values.filter(
      (other): other is string => typeof other === 'string' && isAtMostOneEdit(own, plain(other)),
    )
    return known.map((other) => {
      const mistake = `${field} is misspelt`
      return { fields: withCategory(fields, k, other), mistake, logWeight: -Math.log(known.length) }
    })
  })
}

const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, '')

/**
 * Whether at most one letter is to be inserted, deleted, replaced, or swapped with its neighbour to turn one text into the other. In linear
 * time, because a value may have the length of a message.
 */
function isAtMostOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  const shorter = Math.min(a.length, b.length)
  let start = 0
  while (start < shorter && a[start] === b[start]) start++
  let end = 0
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const [ours, theirs] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  // A code of one letter is another code.
  if (ours.length <= 1 && theirs.length <= 1) return start + end > 0
  return ours.length === 2 && theirs.length === 2 && ours[0] === theirs[1] && ours[1] === theirs[0]
}
