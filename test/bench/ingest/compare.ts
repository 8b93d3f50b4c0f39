import { setTimeout as sleep } from 'node:timers/promises'
import { medianOf } from '../median.js'
import { serversCpuMs, usageOf } from './processes.js'
import type { Running } from './running.js'

/** Measurements of one pipeline on a topic that was full before it began. */
export interface Took {
  /** Time from its start to its first stored batch; not part of the other figures. */
  readonly startMs: number
  readonly perSecond: number
  /** By process. */
  readonly cpuUs: Readonly<Record<string, number>>
  /** Of all processes, per record. */
  readonly ownCpuUs: number
  readonly serversCpuUs: number
  /** By process. */
  readonly peakMiB: Readonly<Record<string, number>>
  readonly anomalies: number
}

/** Medians of all runs, and of the rounds' ratios outflow : peer. */
export interface Comparison {
  readonly outflow: Took
  readonly peer: Took
  readonly ratios: { readonly perSecond: number; readonly ownCpuUs: number; readonly serversCpuUs: number }
}

/** Runs both in turn for the given number of rounds, so that both run under the same load. */
export async function compare(
  start: { readonly outflow: () => Promise<Running>; readonly peer: () => Promise<Running> },
  { records, rounds }: { readonly records: number; readonly rounds: number },
): Promise<Comparison> {
  const runs: { outflow: Took; peer: Took }[] = []
  for (let round = 0; round < rounds; round++) {
    runs.push({ outflow: await take(start.outflow, records), peer: await take(start.peer, records) })
    console.error(`round ${round + 1}: ${JSON.stringify(runs.at(-1))}`)
  }
  const ratio = (of: 'perSecond' | 'ownCpuUs' | 'serversCpuUs') =>
    medianOf(runs.map(({ outflow, peer }) => outflow[of] / peer[of]))
  return {
    outflow: medians(runs.map(({ outflow }) => outflow)),
    peer: medians(runs.map(({ peer }) => peer)),
    ratios: { perSecond: ratio('perSecond'), ownCpuUs: ratio('ownCpuUs'), serversCpuUs: ratio('serversCpuUs') },
  }
}

/** Runs a pipeline until all records are stored and all alerts are sent. */
async function take(start: () => Promise<Running>, records: number): Promise<Took> {
  const running = await start()
  const pids = Object.entries(running.processes)
  const takeSample = async () => ({
    records: await running.stored(),
    atMs: performance.now(),
    usage: Object.fromEntries(pids.map(([name, pid]) => [name, usageOf(pid)])),
    serversMs: serversCpuMs(),
  })
  while ((await running.stored()) === 0) await sleep(5)
  const first = await takeSample()
  while ((await running.stored()) < records || (await running.unsent()) > 0) await sleep(50)
  const last = await takeSample()
  const anomalies = await running.anomalies()
  await running.stop()
  const count = last.records - first.records
  const cpuUs = byName(pids, (name) => (1_000 * (last.usage[name]!.cpuMs - first.usage[name]!.cpuMs)) / count)
  return {
    startMs: first.atMs - running.startedAtMs,
    perSecond: (1_000 * count) / (last.atMs - first.atMs),
    cpuUs,
    ownCpuUs: Object.values(cpuUs).reduce((sum, us) => sum + us, 0),
    serversCpuUs: (1_000 * (last.serversMs - first.serversMs)) / count,
    peakMiB: byName(pids, (name) => last.usage[name]!.peakResidentBytes / 1024 ** 2),
    anomalies,
  }
}

const byName = (pids: readonly (readonly [name: string, pid: number])[], value: (name: string) => number) =>
  Object.fromEntries(pids.map(([name]) => [name, value(name)]))

function medians(runs: readonly Took[]): Took {
  const of = (key: Exclude<keyof Took, 'cpuUs' | 'peakMiB'>) => medianOf(runs.map((run) => run[key]))
  const ofEach = (key: 'cpuUs' | 'peakMiB') =>
    Object.fromEntries(Object.keys(runs[0]![key]).map((name) => [name, medianOf(runs.map((run) => run[key][name]!))]))
  return {
    ...{ startMs: of('startMs'), perSecond: of('perSecond') },
    ...{ cpuUs: ofEach('cpuUs'), ownCpuUs: of('ownCpuUs'), serversCpuUs: of('serversCpuUs') },
    ...{ peakMiB: ofEach('peakMiB'), anomalies: of('anomalies') },
  }
}
