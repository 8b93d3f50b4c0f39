import { columnOfSteps, emptyRecord, formatPath, parsePath, putAt, type Step, stepsOfColumn } from '@outflow/contracts'
import { compilePath } from '@outflow/records'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import type { FuzzTarget } from '../target.js'

interface Paths {
  readonly text: string
  readonly steps: readonly Step[]
  /** Columns of one record. */
  readonly columns: readonly string[]
}

const target: FuzzTarget<Paths> = {
  rule: 'paths are parsed by their grammar, parse again when formatted, and read own keys only',
  generate: (random) => {
    const steps = someSteps(random)
    const text = random.oneIn(2) ? formatPath(steps) : aPath(random)
    return {
      steps,
      text: random.oneIn(2) ? mutate(random, Buffer.from(text), Buffer.from('$.[]"\\0')).toString('utf8') : text,
      columns: random.list(4, () => (random.oneIn(2) ? columnOfSteps(someSteps(random)) : aPath(random).slice(2))),
    }
  },
  check: ({ text, steps, columns }) => {
    expectSame(parsed(text), readPath(text), 'parsePath')
    expectSame(parsePath(formatPath(steps)), steps, 'formatPath')
    expectSame(stepsOfColumn(columnOfSteps(steps)), steps, 'columnOfSteps')
    const get = compilePath(formatPath(steps))
    for (const odd of [{}, [], '', 'text', '[]', '{"a":1}', 7, null, undefined]) {
      expectSame(get(odd), follow(odd, steps), `${formatPath(steps)} in ${odd}`)
    }
    const record = emptyRecord()
    const before = Object.getOwnPropertyNames(Object.prototype).join()
    columns.forEach((column, place) => {
      putAt(record, stepsOfColumn(column), `v${place}`)
      expectSame(follow(record, stepsOfColumn(column)), `v${place}`, `the column ${column}`)
    })
    expectSame(Object.getOwnPropertyNames(Object.prototype).join(), before, 'Object.prototype')
  },
}
export default target

const KEYS = [
  'a',
  'b c',
  'metrics.cpu',
  'a..b.',
  '[0]',
  '"',
  '\\',
  '',
  ' ',
  '日',
  '\n',
  'constructor',
  'prototype',
  'toString',
  'length',
]

function someSteps(random: Random): readonly Step[] {
  const steps = random.list(3, (): Step => {
    if (random.oneIn(3)) return random.below(3)
    return random.oneIn(3) ? String.fromCharCode(...random.list(4, () => random.below(0x3_00))) : random.pick(KEYS)
  })
  return steps.length > 0 ? steps : ['a']
}

function aPath(random: Random): string {
  const pieces = [
    '.a',
    '.b c',
    '[0]',
    '[12]',
    '["x.y"]',
    '["\\u0041"]',
    '.__proto__',
    '["__proto__"]',
    '..',
    '[',
    ']',
    '.',
    '"',
  ]
  return `$${random.pick(['.', ''])}${random.list(4, () => random.pick(pieces)).join('')}`
}

function parsed(text: string): readonly Step[] | null {
  try {
    return parsePath(text)
  } catch (error: unknown) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** The reference: `$`, then one or more of `.key`, `[index]` and `["key"]`, read by character. */
function readPath(text: string): readonly Step[] | null {
  if (text[0] !== '$') return null
  const steps: Step[] = []
  let at = 1
  while (at < text.length) {
    let end = at + 1
    if (text[at] === '.') {
      while (end < text.length && !'.[]'.includes(text[end]!)) end++
      steps.push(text.slice(at + 1, end))
      if (end === at + 1) return null
    } else if (text.startsWith('["', at)) {
      for (end = at + 2; end < text.length && text[end] !== '"'; end++) if (text[end] === '\\') end++
      if (text[end] !== '"' || text[end + 1] !== ']') return null
      try {
        steps.push(JSON.parse(text.slice(at + 1, end + 1)) as string)
      } catch {
        return null
      }
      end += 2
    } else {
      while (text[end]! >= '0' && text[end]! <= '9') end++
      if (text[at] !== '[' || end === at + 1 || text[end] !== ']') return null
      steps.push(Number(text.slice(at + 1, end)))
      end++
    }
    at = end
  }
  return steps.length === 0 || steps.includes('__proto__') ? null : steps
}

/** Steps also lead into the value of a text that is JSON. */
function follow(record: unknown, steps: readonly Step[]): unknown {
  let at = record
  for (const step of steps) {
    if (at === '[]' || at === '{"a":1}') at = JSON.parse(at)
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<Step, unknown>)[step]
  }
  return at
}
