import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { EPOCH_MS, type Trace } from './scheduler.js'
import { runSeed } from './world.js'

const USAGE = `npm run simulate -- [--seeds 200] [--from 1] [seed]... [--processes n] [--json] | --trace seed | --replay seed
  --seeds      how many worlds
  --from       the seed of the first
  seed         only the worlds of these seeds
  --processes  that share the seeds; default: one a processor
  --json       prints the figures as JSON
  --trace      prints the events of one seed
  --replay     runs one seed ten times, and compares all events`

/** Printed violations per seed. */
const MOST_VIOLATIONS = 5
const REPLAYS = 10
/** Seeds per process. */
const MOST_SEEDS = 100

/** Results of some seeds. */
interface Figures {
  readonly records: number
  readonly events: number
  readonly failedSeeds: readonly number[]
  /** CPU time of the processes, start included. */
  readonly cpuSeconds: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    trace: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [count, from, processes] = [values.seeds, values.from, values.processes].map(Number) as [number, number, number]
const seeds = positionals.length > 0 ? positionals.map(Number) : Array.from({ length: count }, (_, at) => from + at)
const isUsable =
  processes > 0 && Number.isSafeInteger(processes) && seeds.length > 0 && seeds.every(Number.isSafeInteger)
if (values.help || !isUsable) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

if (values.trace !== undefined) await simulate([Number(values.trace)], printEvent)
else if (values.replay !== undefined) await replay(Number(values.replay))
else if (process.send) process.send(await simulate(seeds))
else report(await simulateInProcesses())

async function simulate(seeds: readonly number[], trace?: Trace): Promise<Figures> {
  const failedSeeds: number[] = []
  let events = 0
  let records = 0
  for (const seed of seeds) {
    const outcome = await runSeed(seed, trace)
    events += outcome.events
    records += outcome.records
    if (outcome.violations.length === 0) continue
    failedSeeds.push(seed)
    process.exitCode = 1
    console.error(`seed ${seed}; npm run simulate -- --trace ${seed}`)
    for (const violation of outcome.violations.slice(0, MOST_VIOLATIONS)) console.error(`  ${violation}`)
  }
  const { user, system } = process.cpuUsage()
  return { events, records, failedSeeds, cpuSeconds: (user + system) / 1e6 }
}

/** Runs a part of the seeds in each process: each replaces its runtime, and promises of killed simulated processes stay in memory. */
async function simulateInProcesses(): Promise<Figures & { readonly seconds: number }> {
  const startMs = performance.now()
  const size = Math.min(MOST_SEEDS, Math.ceil(seeds.length / processes))
  const left = [...seeds]
  const parts: Figures[] = []
  const runParts = async () => {
    while (left.length > 0) {
      const child = fork(import.meta.filename, left.splice(0, size).map(String))
      const [figures] = await once(child, 'message')
      parts.push(figures as Figures)
    }
  }
  await Promise.all(Array.from({ length: processes }, runParts))
  return {
    records: sum(parts.map(({ records }) => records)),
    events: sum(parts.map(({ events }) => events)),
    cpuSeconds: Math.round(sum(parts.map(({ cpuSeconds }) => cpuSeconds))),
    failedSeeds: parts.flatMap(({ failedSeeds }) => failedSeeds).sort((a, b) => a - b),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function report(figures: Awaited<ReturnType<typeof simulateInProcesses>>): void {
  const { failedSeeds, seconds, cpuSeconds, records, events } = figures
  if (values.json) console.log(JSON.stringify({ seeds: seeds.length, from: seeds[0], processes, ...figures }))
  else
    console.log(
      `simulate: ${seeds.length} seeds from ${seeds[0]}, ${records} records and ${events} events in ${seconds} s (${cpuSeconds} s of CPU), ${failedSeeds.length} failed`,
    )
  process.exitCode = failedSeeds.length > 0 ? 1 : 0
}

async function replay(seed: number): Promise<void> {
  const traces = new Set<string>()
  for (let round = 0; round < REPLAYS; round++) {
    const hash = createHash('sha256')
    await runSeed(seed, (...event) => void hash.update(JSON.stringify(event)))
    traces.add(hash.digest('hex'))
  }
  console.log(`simulate: seed ${seed} ran ${REPLAYS} times; ${traces.size} different traces`)
  process.exitCode = traces.size > 1 ? 1 : 0
}

function printEvent(atMs: number, who: string, what: string): void {
  console.log(`${((atMs - EPOCH_MS) / 1_000).toFixed(3).padStart(9)}  ${who.padEnd(12)} ${what}`)
}
