/**
 * Measures the throughput of one ingest, compared with simpler consumers of the same client: `npm run bench:ingest`.
 *
 * Protocol: events of about 270 bytes with 16 numeric fields, an id and a time, 0.1 % of them anomalies, on 8 partitions of a
 * real broker, read back by child processes: A discards the messages of the client, B also parses the JSON, `ours` is
 * the released `outflow run ingest`, on a real Postgres. They run in turn, `--rounds` times, so that all run under the same load.
 * Measured from the first batch to the last: wall time, and the CPU time of the process, which a busy machine affects
 * much less. The ratios are of records per CPU second and of records per second.
 *
 * `--peer PYTHON` also runs the Python pipeline of ingest/peer.py in turn with ingest and alerts: part peer on the same topics,
 * one with anomalies, one without, and part latency. PYTHON is an interpreter with its packages (test/README.md).
 * `--profile DIR` stores CPU profiles of each `ours` and of the processes whose latency is measured; it costs a few per cent.
 * `--parts` takes some of speed, two (two processes that share the partitions), latency, fields, soak (`--soak` minutes), peer.
 */
import { meanOf } from '../../libs/flow/src/mean.js'
import { type Comparison, compare, type Took } from './ingest/compare.js'
import { type Event, fillTopic, makeEvents, normalEvents } from './ingest/events.js'
import { type Latency, measureLatency } from './ingest/latency.js'
import { requirePeerPackages } from './ingest/peer.js'
import { runBaseline, startOutflow } from './ingest/programs.js'
import { type IngestRun, runIngest } from './ingest/run-ingest.js'
import type { Running } from './ingest/running.js'
import { soak } from './ingest/soak.js'
import { fitModel, openStage } from './ingest/stage.js'
import { cpuUs, perCore, perSecond, type Taken, together } from './ingest/taken.js'
import { medianOf } from './median.js'
import { benchOptions } from './options.js'
import { type Line, makeReport } from './report.js'

const options = benchOptions({
  ...{ records: 2_000_000, rounds: 2, soak: 2, profile: null, peer: null },
  parts: 'speed,two,latency,fields,soak,peer',
})
const { records, rounds, peer } = options
const parts = new Set(options.parts.split(','))
const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]
const FIELDS = 16
const LATENCY_RATE = 10_000
/** Cost per record is reported between these numbers of records. */
const MILESTONES = [10_000, 100_000, 1_000_000, 2_000_000, 5_000_000]

if (peer !== undefined) await requirePeerPackages(peer)

const stage = await openStage()
console.error(stage.description)
const report = makeReport(options.json, stage.description)
try {
  const model = await fitModel(FIELDS)
  const events = makeEvents(20_000, FIELDS)
  report.table('stream', [
    { records, fields: FIELDS, 'bytes a record': Math.round(meanOf(events.map(({ value }) => value.length))) },
  ])
  // First: the disk writes that the other parts leave delay the alerts of the next minute.
  if (parts.has('latency')) report.table('produce to alert', await latencyLines())
  if (parts.has('speed') || parts.has('two')) {
    const ran = await measureSpeed()
    report.table('throughput', speedLines(ran))
    if (ran.ours.length > 0) report.table('cost of one ingest by number of records', costByCount(ran.ours))
  }
  if (parts.has('peer') && peer !== undefined) await compareWith(peer)
  if (parts.has('fields')) report.table('cost by number of fields', await costByFields())
  if (parts.has('soak')) report.table('memory over time', [await soakFor(options.soak)])

  async function measureSpeed() {
    const topic = await stage.topic()
    await fillTopic({ brokers: stage.brokers, topic }, events, records)
    const target = { brokers: stage.brokers, topic, records }
    const ran: SpeedRuns = { a: [], b: [], ours: [], two: [] }
    for (let round = 0; round < rounds; round += 1) {
      ran.a.push(await runBaseline('discard', target))
      ran.b.push(await runBaseline('parse', target))
      if (parts.has('speed')) {
        ran.ours.push(await runIngest(await stage.pipeline(topic, model), records, { nodeArgs: profiling }))
      }
      if (parts.has('two')) {
        ran.two.push(await runIngest(await stage.pipeline(topic, model), records, { instances: 2 }))
      }
      console.error(`round ${round + 1}: ${JSON.stringify(speedLines(ran))}`)
    }
    return ran
  }

  /** Runs the pipelines in turn. */
  async function latencyLines() {
    const ofOutflow: Latency[] = []
    const ofPeer: Latency[] = []
    for (let round = 0; round < rounds; round += 1) {
      const topic = await stage.topic()
      ofOutflow.push(await latencyOf(await startOutflow(await stage.pipeline(topic, model), profiling), topic))
      if (peer === undefined) continue
      const topicOfPeer = await stage.topic()
      ofPeer.push(await latencyOf(await stage.peer(peer, topicOfPeer, model), topicOfPeer))
    }
    return [latencyLine('outflow', ofOutflow), ...(peer === undefined ? [] : [latencyLine('Python', ofPeer)])]
  }

  async function latencyOf(running: Running, topic: string) {
    const target = { brokers: stage.brokers, topic, events, perSecond: LATENCY_RATE, seconds: 20 }
    const latency = await measureLatency(running, target)
    console.error(`latency ${JSON.stringify(latency)}`)
    return latency
  }

  async function compareWith(python: string) {
    const on = async (own: readonly Event[]) => {
      const topic = await stage.topic()
      await fillTopic({ brokers: stage.brokers, topic }, own, records)
      const start = {
        outflow: async () => startOutflow(await stage.pipeline(topic, model)),
        peer: () => stage.peer(python, topic, model),
      }
      return compare(start, { records, rounds })
    }
    const lines: Line[] = []
    for (const own of [events, await normalEvents(events, model)]) lines.push(...comparisonLines(await on(own)))
    report.table('outflow and the pipeline in Python', lines)
  }

  async function costByFields() {
    const rows = []
    for (const fields of [4, 16, 64, 200]) {
      const topic = await stage.topic()
      const count = Math.min(records, Math.round(3_200_000 / Math.max(fields, 16)))
      await fillTopic({ brokers: stage.brokers, topic }, makeEvents(5_000, fields), count)
      const ofFields = fields === FIELDS ? model : await fitModel(fields)
      const run = await runIngest(await stage.pipeline(topic, ofFields), count)
      rows.push({ fields, records: count, 'us a record': cpuUs(run), 'us a field': cpuUs(run) / fields })
      console.error(`fields ${JSON.stringify(rows.at(-1))}`)
    }
    return rows
  }

  async function soakFor(minutes: number) {
    const topic = await stage.topic()
    return soak(await stage.pipeline(topic, model), { brokers: stage.brokers, topic }, events, minutes)
  }
} finally {
  await stage.close()
}

interface SpeedRuns {
  readonly a: Taken[]
  readonly b: Taken[]
  readonly ours: IngestRun[]
  readonly two: IngestRun[]
}

/** Rates and CPU of each consumer, and its share of the rates of B. */
function speedLines({ a, b, ours, two }: SpeedRuns): readonly Line[] {
  const baseline = together(b)
  const named = { 'A, discards records': a, 'B, parses JSON': b, ingest: ours, 'two ingests': two }
  return Object.entries(named).flatMap(([consumer, runs]) => {
    if (runs.length === 0) return []
    const all = together(runs)
    return {
      ...{ consumer, 'records/s': perSecond(all), 'per core': perCore(all), 'us a record': cpuUs(all) },
      ...{ 'rate, of B': perSecond(all) / perSecond(baseline), 'per core, of B': perCore(all) / perCore(baseline) },
      'MiB at most': consumer === 'ingest' ? largestMiB(ours) : null,
      'start to first batch, s': consumer === 'ingest' ? medianOf(ours.map(({ startMs }) => startMs)) / 1_000 : null,
    }
  })
}

function largestMiB(runs: readonly IngestRun[]): number {
  return Math.round(Math.max(...runs.map(({ largestResidentBytes }) => largestResidentBytes)) / 1024 ** 2)
}

/** Both pipelines on one stream, and the medians of the rounds' ratios outflow : Python. */
function comparisonLines({ outflow, peer, ratios }: Comparison): readonly Line[] {
  const stream = outflow.anomalies === 0 ? 'without anomalies' : `${outflow.anomalies} anomalies`
  const line = (pipeline: string, { cpuUs, peakMiB, ...own }: Took): Line => ({
    ...{ stream, pipeline, 'records/s': own.perSecond, 'own us a record': own.ownCpuUs },
    ...{ 'of alerts': cpuUs.alerts ?? null, 'broker and Postgres, us a record': own.serversCpuUs },
    ...{ 'MiB at most': peakMiB.ingest ?? peakMiB.python!, 'MiB of alerts': peakMiB.alerts ?? null },
    'start to first batch, s': own.startMs / 1_000,
  })
  return [
    line('outflow', outflow),
    line('Python', peer),
    {
      ...{ stream, pipeline: 'ratio', 'records/s': ratios.perSecond, 'own us a record': ratios.ownCpuUs },
      ...{ 'of alerts': null, 'broker and Postgres, us a record': ratios.serversCpuUs },
      ...{ 'MiB at most': null, 'MiB of alerts': null, 'start to first batch, s': null },
    },
  ]
}

function latencyLine(pipeline: string, runs: readonly Latency[]): Line {
  const of = (key: keyof Latency) => medianOf(runs.map((run) => run[key]))
  return {
    ...{ pipeline, 'records/s asked': of('perSecondAsked'), 'records/s': of('perSecond'), alerts: of('alerts') },
    ...{ 'p50 ms': of('p50Ms'), 'p99 ms': of('p99Ms') },
  }
}

/** CPU per record between two numbers of records of the last run. */
function costByCount(runs: readonly IngestRun[]): readonly Line[] {
  const samples = runs.at(-1)?.samples ?? []
  const rows = []
  let from = samples[0]
  for (const milestone of MILESTONES) {
    const to = samples.find((sample) => sample.records >= milestone)
    if (from === undefined || to === undefined || to.records <= from.records) continue
    const us = cpuUs({ cpuMs: to.cpuMs - from.cpuMs, wallMs: 0, records: to.records - from.records })
    rows.push({ 'from record': from.records, 'to record': to.records, 'us a record': us })
    from = to
  }
  return rows
}
