import { readFileSync } from 'node:fs'
import { type BenchReport, cellOf, type Line } from '../test/bench/report.js'
import { table } from './reference-schema.js'

/** The results of test/bench/results, in the order of the page. */
const RESULTS: readonly (readonly [file: string, title: string, about: string])[] = [
  [
    'ingest-peer',
    'Ingest and alerts against a pipeline in Python',
    'Both pipelines read the same topic in turn, store the same anomalies in Postgres and send alerts, on two cores that also run the broker and Postgres. The one in Python (`test/bench/ingest/peer.py`) uses confluent-kafka, orjson, numpy and onnxruntime, with the same model; it computes no reasons. Figures are medians of the rounds, ratios outflow : Python.',
  ],
  [
    'ingest',
    'Throughput of ingest',
    'Consumer A discards the messages of the client, B parses their JSON; all read the same topic in turn, on the cores that also run the broker and Postgres. CPU is that of the consumer.',
  ],
  [
    'flow',
    'The flow',
    'Engines run in turn on one core, each with one thread; rates are by processor time. S has 16 columns and 8 couplings of 64 units, L 32 columns and 10 couplings of 128. Training is `outflow train`, with its start and its fit process, on tables of six clusters, each near a curved surface.',
  ],
  [
    'adbench',
    'Accuracy on ADBench',
    'Twelve labelled tables; rows are ranked by their NLL, with the defaults of `outflow train`, and the other methods score the same rows. S: fitted to normal rows. U: fitted without labels to rows of which some are anomalies. Rules for fitting were chosen by these tables and by the other half of OddBench.',
  ],
  [
    'oddbench',
    'Accuracy on OddBench',
    'Every second of 100 tables, the half by which no rule was chosen, by the same protocols.',
  ],
  [
    'first-minutes',
    'The first minutes',
    'The tables of ADBench with models of 200 rows, which are provisional: those of the first minutes of a topic.',
  ],
  [
    'mixed',
    'Planted errors in numbers and categories',
    'Held-out rows of tables of vega-datasets with one planted error, ranked by NLL against the same rows without. Unit: a number times 1.6, .3, 60, 1,000, .01 or .45. Swap: two numbers exchanged. Other row and category: a value of another row. Reasons: of copies that are anomalies at a rate of 1 % while their row is not, the share whose first reason is a field with the error, and the share with such a reason.',
  ],
  [
    'series',
    'One value over time',
    'Six series of the Numenta Anomaly Benchmark at a rate of 1 %. Whole: fitted to all rows. Later: fitted to the first 30 %, and the rest is scored. The features were chosen by Twitter volume, exchange and RDS. The baseline is |value − median| / MAD.',
  ],
  [
    'flights',
    'Corrupted flights',
    'The demo’s flights, .5 % of the training window corrupted, at a rate of 1 %: the share of corrupted held-out flights that are anomalies, and for those the share whose mistake is named. The design was chosen by looking at these flights.',
  ],
  [
    'calibration',
    'Calibration',
    'A million normal records of a stationary stream, scored by a model of 600,000 earlier ones.',
  ],
  [
    'contamination',
    'Anomalies in the training window',
    'Windows of 5,000 flights with a corrupted share, at a rate of 1 %. With labels: means of a hundred calibration sets of 500 records.',
  ],
  [
    'drift',
    'A stream that changes',
    'Two million records, two in a thousand anomalous, at a rate of 1 %; the stretches follow each other.',
  ],
  [
    'queries',
    'The documented SQL',
    'Anomalies of five pipelines; milliseconds until the client has read all rows, first with a cache that other queries have filled.',
  ],
]

/** The page of benchmarks, from the stored results. */
export function benchmarkReference(): readonly string[] {
  return [
    '# Benchmarks',
    '',
    'Results of the [benches](../../test/README.md#benches), generated from [test/bench/results](../../test/bench/results) by `npm run docs:reference`.',
    'Shares and ratios are compared within one run: machines differ, and so do hours on a shared machine.',
    ...RESULTS.flatMap(([file, title, about]) => section(title, about, reportOf(file))),
  ]
}

function reportOf(file: string): BenchReport {
  return JSON.parse(readFileSync(new URL(`../test/bench/results/${file}.json`, import.meta.url), 'utf8'))
}

function section(title: string, about: string, report: BenchReport): readonly string[] {
  const { cpu, cores, node, load, servers } = report.machine
  const machine = [
    `${cpu}, ${cores} cores`,
    `Node ${node.slice(1)}`,
    ...(servers ? [servers.replaceAll(/ on [\d.:]+/g, '')] : []),
    `load ${load.join(' to ')}`,
  ]
  return [
    ...['', `## ${title}`, '', about, ''],
    `\`${report.command}\` at ${report.commit}, ${report.date}: ${machine.join('; ')}.`,
    ...Object.entries(report.tables).flatMap(([name, lines]) => ['', ...tableOf(name, lines)]),
  ]
}

function tableOf(name: string, lines: readonly Line[]): readonly string[] {
  const keys = Object.keys(lines[0] ?? {})
  const rows = lines.map((line) => keys.map((key) => cellOf(line[key] ?? null)))
  return [`**${name[0]!.toUpperCase()}${name.slice(1)}**`, '', ...table(keys, rows)]
}
