import { attempt } from '../attempt.js'

/** One step of a path: a key of an object or an index of an array. */
export type Step = string | number

/**
 * The steps of a path such as `$.legs[0].miles`: `['legs', 0, 'miles']`.
 *
 * @throws {TypeError} when the text is not a path; `fieldPath` validates paths at the edge
 */
export function parsePath(path: string): readonly Step[] {
  const steps = stepsIn(path)
  if (steps === null) throw new TypeError(`not a path: ${path}`)
  return steps
}

/** The path of some steps, the inverse of `parsePath`. */
export function formatPath(steps: readonly Step[]): string {
  return `$${steps.map(formatStep).join('')}`
}

/** The short name of a path in reasons and tables: its only key unless that is blank, else the path without `$.`. */
export function nameOfPath(path: string): string {
  const steps = stepsIn(path)
  const name = steps?.length === 1 ? String(steps[0]) : ''
  return name.trim() === '' ? path.replace(/^\$\.?/, '') : name
}

/**
 * The steps that a CSV column's name stands for: those of the path `$.name`, so that `route.origin` is nested as it is in JSON. A name
 * that is not a path, such as `Duration..in.seconds.`, is one key.
 */
export function stepsOfColumn(column: string): readonly Step[] {
  return stepsIn(column.startsWith('[') ? `$${column}` : `$.${column}`) ?? [column]
}

/** The CSV column for some steps, the inverse of `stepsOfColumn`. */
export function columnOfSteps(steps: readonly Step[]): string {
  const [key] = steps
  if (steps.length === 1 && typeof key === 'string' && stepsIn(`$.${key}`) === null && !key.startsWith('[')) return key
  return formatPath(steps).replace(/^\$\.?/, '')
}

/**
 * Sets the value at a path, and creates missing objects and arrays. The objects have no prototype, so a key such as `constructor` is
 * a plain key.
 *
 * @param record  without a prototype, as `emptyRecord` returns it
 */
export function putAt(record: Record<string, unknown>, steps: readonly Step[], value: unknown): void {
  let at = record as Record<Step, unknown>
  steps.forEach((step, index) => {
    const next = steps[index + 1]
    if (next === undefined) {
      at[step] = value
      return
    }
    const container = containerFor(at[step], next)
    at[step] = container
    at = container as Record<Step, unknown>
  })
}

/** The object or array that contains a step. An array contains indices only, because `length` and other names are not plain keys. */
function containerFor(existing: unknown, step: Step): object {
  if (existing === null || typeof existing !== 'object') return typeof step === 'number' ? [] : emptyRecord()
  return Array.isArray(existing) && typeof step === 'string' ? Object.assign(emptyRecord(), existing) : existing
}

export function emptyRecord(): Record<string, unknown> {
  return Object.create(null)
}

const SEGMENT = /\.([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y

function stepsIn(path: string): readonly Step[] | null {
  if (!path.startsWith('$') || path.length === 1) return null
  const steps: Step[] = []
  for (let at = 1; at < path.length; ) {
    SEGMENT.lastIndex = at
    const match = SEGMENT.exec(path)
    if (match === null) return null
    const [all, key, index, quoted] = match
    const step = key ?? (index === undefined ? attempt((): string => JSON.parse(quoted!)) : Number(index))
    if (step === null || step === '__proto__') return null
    steps.push(step)
    at += all.length
  }
  return steps
}

function formatStep(step: Step): string {
  if (typeof step === 'number') return `[${step}]`
  return /^[^.[\]\p{Cc}\u2028\u2029]+$/u.test(step) && step.trim() === step ? `.${step}` : `[${JSON.stringify(step)}]`
}
