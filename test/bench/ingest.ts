/**
 * Measures the throughput of one ingest, compared with simpler consumers of the same client: `npm run bench:ingest -- --json`.
 *
 * Protocol: events of about 270 bytes with 16 numeric fields, an id and a time, 0.1 % of them anomalies, on 8 partitions of a
 * real broker, read back by child processes: A discards the messages of the client, B also parses the JSON, `ours` is
 * the released `outflow run ingest`, on a real Postgres. They run in turn, `--rounds` times, so that all run under the same load.
 * Measured from the first batch to the last: wall time, and the CPU time of the process, which a busy machine affects
 * much less. The ratios are of records per CPU second and of records per second.
 *
 * `--peer PYTHON` also runs the Python pipeline of ingest/peer.py in turn with ingest and alerts, on the same topics: one with
 * anomalies, one without. PYTHON is an interpreter with its packages (test/README.md).
 * `--profile DIR` stores CPU profiles of each `ours` and of the processes whose latency is measured; it costs a few per cent.
 * `--parts` takes some of speed, two (two processes that share the partitions), latency, fields, soak (`--soak` minutes), peer.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { compare } from './ingest/compare.js'
import { type Event, fillTopic, makeEvents, normalEvents } from './ingest/events.js'
import { measureLatency } from './ingest/latency.js'
import { requirePeerPackages } from './ingest/peer.js'
import { runBaseline, startOutflow } from './ingest/programs.js'
import { type IngestRun, runIngest } from './ingest/run-ingest.js'
import type { Running } from './ingest/running.js'
import { soak } from './ingest/soak.js'
import { fitModel, openStage } from './ingest/stage.js'
import { perCore, perSecond, type Taken, together } from './ingest/taken.js'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    records: { type: 'string', default: '2000000' },
    rounds: { type: 'string', default: '2' },
    soak: { type: 'string', default: '2' },
    profile: { type: 'string' },
    peer: { type: 'string' },
    parts: { type: 'string', default: 'speed,two,latency,fields,soak,peer' },
  },
})
const records = Number(options.records)
const parts = new Set(options.parts.split(','))
const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]
const FIELDS = 16
const LATENCY_RATE = 10_000
/** Cost per record is reported between these numbers of records. */
const MILESTONES = [10_000, 100_000, 1_000_000, 2_000_000, 5_000_000]
const say = (line: string) => console.error(line)

const { peer } = options
if (peer !== undefined) await requirePeerPackages(peer)

const stage = await openStage(say)
say(stage.description)
const loadBefore = loadavg()
try {
  const model = await fitModel(FIELDS)
  const events = makeEvents(20_000, FIELDS, 1)
  say(`model ${model.metadata.modelId}`)
  const speed = parts.has('speed') || parts.has('two') ? await measureSpeed() : undefined
  const halfRate = Math.round((speed?.ours?.perSecond ?? 20_000) / 2)
  const report = {
    ...speed,
    latency: parts.has('latency') ? [await latencyAt(LATENCY_RATE), await latencyAt(halfRate)] : undefined,
    peer: parts.has('peer') && peer !== undefined ? await compareWith(peer) : undefined,
    byFields: parts.has('fields') ? await costByFields() : undefined,
    soak: parts.has('soak') ? await soakFor(Number(options.soak)) : undefined,
    conditions: {
      records,
      bytesPerEvent: Math.round(events.reduce((sum, { value }) => sum + value.length, 0) / events.length),
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      loadBefore,
      loadAfter: loadavg(),
      node: process.version,
      servers: stage.description,
    },
  }
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else console.dir(report, { depth: 5 })

  async function measureSpeed() {
    const topic = await stage.topic()
    await fillTopic({ brokers: stage.brokers, topic }, events, records)
    const target = { brokers: stage.brokers, topic, records }
    const ran: { a: Taken[]; b: Taken[]; ours: IngestRun[]; two: IngestRun[] } = { a: [], b: [], ours: [], two: [] }
    for (let round = 0; round < Number(options.rounds); round += 1) {
      ran.a.push(await runBaseline('discard', target))
      ran.b.push(await runBaseline('parse', target))
      if (parts.has('speed')) {
        ran.ours.push(await runIngest(await stage.pipeline(topic, FIELDS, model), records, { nodeArgs: profiling }))
      }
      if (parts.has('two')) {
        ran.two.push(await runIngest(await stage.pipeline(topic, FIELDS, model), records, { instances: 2 }))
      }
      say(`round ${round + 1}: ${JSON.stringify({ a: reported(ran.a), b: reported(ran.b), ours: reported(ran.ours) })}`)
    }
    const [b, ours, two] = [together(ran.b), together(ran.ours), together(ran.two)]
    return {
      ratios: {
        oursToBPerCore: perCore(ours) / perCore(b),
        oursToBPerSecond: perSecond(ours) / perSecond(b),
        twoToOne: perSecond(two) / perSecond(ours),
        targets: { oursToB: 0.6, perCore: 130_000, twoToOne: 1.7 },
      },
      baselineA: reported(ran.a),
      baselineB: reported(ran.b),
      ours: { ...reported(ran.ours), ...memoryOf(ran.ours), byCount: costByCount(ran.ours) },
      twoProcesses: parts.has('two') ? reported(ran.two) : undefined,
    }
  }

  async function latencyAt(rate: number) {
    const topic = await stage.topic()
    const outflow = await startOutflow(await stage.pipeline(topic, FIELDS, model), profiling)
    return latencyOf(outflow, topic, rate)
  }

  async function latencyOf(running: Running, topic: string, perSecond: number) {
    const latency = await measureLatency(running, { brokers: stage.brokers, topic, events, perSecond, seconds: 20 })
    say(`latency ${JSON.stringify(latency)}`)
    return latency
  }

  async function compareWith(python: string) {
    const on = async (own: readonly Event[]) => {
      const topic = await stage.topic()
      await fillTopic({ brokers: stage.brokers, topic }, own, records)
      const start = {
        outflow: async () => startOutflow(await stage.pipeline(topic, FIELDS, model)),
        peer: () => stage.peer(python, topic, FIELDS, model),
      }
      return compare(start, { records, rounds: Number(options.rounds), say })
    }
    const topic = await stage.topic()
    return {
      withAnomalies: await on(events),
      withoutAnomalies: await on(await normalEvents(events, model)),
      latency: {
        outflow: await latencyAt(LATENCY_RATE),
        peer: await latencyOf(await stage.peer(python, topic, FIELDS, model), topic, LATENCY_RATE),
      },
    }
  }

  async function costByFields() {
    const rows = []
    for (const fields of [4, 16, 64, 200]) {
      const topic = await stage.topic()
      const count = Math.min(records, Math.round(3_200_000 / Math.max(fields, 16)))
      await fillTopic({ brokers: stage.brokers, topic }, makeEvents(5_000, fields, 1), count)
      const ofFields = fields === FIELDS ? model : await fitModel(fields)
      const run = await runIngest(await stage.pipeline(topic, fields, ofFields), count)
      rows.push({ fields, records: count, cpuUsPerRecord: cpuUs(run), cpuUsPerField: cpuUs(run) / fields })
      say(`fields ${JSON.stringify(rows.at(-1))}`)
    }
    return rows
  }

  async function soakFor(minutes: number) {
    const topic = await stage.topic()
    return soak(await stage.pipeline(topic, FIELDS, model), { brokers: stage.brokers, topic }, events, minutes)
  }
} finally {
  await stage.close()
}

function reported(runs: readonly Taken[]) {
  const sum = together(runs)
  return { perSecond: perSecond(sum), perCore: perCore(sum), cpuUsPerRecord: cpuUs(sum), runs: runs.map(perCore) }
}

function cpuUs({ cpuMs, records: read }: Taken): number {
  return (1_000 * cpuMs) / read
}

function memoryOf(runs: readonly IngestRun[]) {
  const largest = Math.max(...runs.map(({ largestResidentBytes }) => largestResidentBytes))
  return { largestResidentMiB: Math.round(largest / 1024 ** 2) }
}

/** CPU per record between two numbers of records of the last run. */
function costByCount(runs: readonly IngestRun[]) {
  const samples = runs.at(-1)?.samples ?? []
  const rows = []
  let from = samples[0]
  for (const milestone of MILESTONES) {
    const to = samples.find((sample) => sample.records >= milestone)
    if (from === undefined || to === undefined || to.records <= from.records) continue
    rows.push({
      from: from.records,
      to: to.records,
      cpuUsPerRecord: cpuUs({ cpuMs: to.cpuMs - from.cpuMs, wallMs: 0, records: to.records - from.records }),
    })
    from = to
  }
  return rows
}
