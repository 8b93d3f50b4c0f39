import { parseArgs } from 'node:util'
import { fuzzTarget, type Outcome } from './fuzz-target.js'
import { randomOf } from './random.js'
import type { FailureKind } from './run-input.js'
import { show } from './same-value.js'
import { loadTarget, targetNames } from './target.js'

const USAGE = `npm run fuzz -- [--seconds 60] [--seed 1] [--target name]... [--input index]
  --seconds  time for all targets together
  --seed     the same seed makes the same inputs in the same order
  --target   only this target; may be given several times
  --input    only the input of this index, which is printed; with one --target`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    input: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const known = await targetNames()
const names = values.target ?? known
const [seconds, seed, input] = [values.seconds, values.seed, values.input ?? '0'].map(Number) as [
  number,
  number,
  number,
]
const isUsable =
  seconds > 0 &&
  Number.isSafeInteger(seed) &&
  Number.isSafeInteger(input) &&
  names.every((name) => known.includes(name))
if (values.help || !isUsable || (values.input !== undefined && names.length !== 1)) {
  console.log(`${USAGE}\ntargets: ${known.join(', ')}`)
  process.exit(values.help ? 0 : 2)
}

const total: Record<FailureKind, number> = { crash: 0, hang: 0, 'wrong value': 0 }
let inputs = 0
const startMs = Date.now()

console.log(`${'target'.padEnd(16)}${['inputs', 'inputs/s', 'crashes', 'hangs', 'wrong values'].map(right).join('')}`)
for (const [at, name] of names.entries()) {
  if (values.input === undefined) {
    // Divides the remaining time evenly, so that later targets get the time that earlier ones did not use.
    const leftSeconds = Math.max(1, seconds - (Date.now() - startMs) / 1_000)
    report(name, await fuzzTarget({ name, seed, seconds: leftSeconds / (names.length - at) }))
    continue
  }
  const { generate } = await loadTarget(name)
  console.log(show(generate(randomOf(seed, name, input))))
  report(name, await fuzzTarget({ name, seed, seconds, from: input, most: 1 }))
}
const failed = total.crash + total.hang + total['wrong value']
console.log(
  `fuzz: ${inputs.toLocaleString('en')} inputs in ${Math.round((Date.now() - startMs) / 1_000)} s, ${total.crash} crashes, ` +
    `${total.hang} hangs, ${total['wrong value']} wrong values (seed ${seed})`,
)
process.exitCode = failed > 0 ? 1 : 0

function report(name: string, outcome: Outcome): void {
  const of = (kind: FailureKind) => outcome.failures.filter((failure) => failure.kind === kind).length
  inputs += outcome.inputs
  for (const kind of Object.keys(total) as FailureKind[]) total[kind] += of(kind)
  const rate = Math.round(outcome.inputs / outcome.seconds)
  console.log(
    `${name.padEnd(16)}${[outcome.inputs, rate, of('crash'), of('hang'), of('wrong value')].map(right).join('')}`,
  )
  for (const { kind, index, message, input } of outcome.failures) {
    console.log(
      `\n${name}: ${kind} at input ${index}; npm run fuzz -- --target ${name} --seed ${seed} --input ${index}`,
    )
    console.log(`  ${message}\n  input: ${input}\n`)
  }
}

function right(value: string | number): string {
  return (typeof value === 'number' ? value.toLocaleString('en') : value).padStart(14)
}
