/**
 * Measures how well anomalies are found in labelled tables, compared with classical detectors on the same rows:
 *
 *     npm run bench:quality -- --data DIR [--half 1|2] [--rows N] [--seeds N] [--sets a,b] [--protocols S,U] [--contamination SHARE] [--json FILE] [--python PATH] [--without-peers]
 *
 * Every `*.csv.gz` of DIR is a set, and so is every pair `SET.train.csv.gz`, `SET.test.csv.gz`; the column `label`, else the last one, is 1 for
 * an anomaly. `--half` takes every second set by name: choose settings on one half, and report the other once. A detector is fitted as by
 * `outflow train` with its defaults: features inferred from the rows, the defaults of outflow.yaml, the same for every set. Its score is the
 * NLL. `labelled-set.ts` defines the protocols. `--rows` fits to a random part of the rows; with fewer than the default minRows the model is
 * provisional, as in the first minutes of a topic. `--contamination` replaces the default of training.contamination; 0 states that the fitted
 * rows are normal, as those of S are. The last lines have the share of anomalies among scored normal rows at two rates.
 */

import { Readable } from 'node:stream'
import { openDetector } from '@outflow/detector'
import { makeReader } from '@outflow/records'
import { fitFile } from './fit-file.js'
import {
  type LabelledSet,
  namesOfSets,
  PROTOCOLS,
  type Protocol,
  readSet,
  type Split,
  splitBy,
} from './labelled-set.js'
import { benchOptions } from './options.js'
import { hasModule } from './python.js'
import { scoreByPeers } from './quality-peers.js'
import { FLAGGED_AT, flaggedTable, methodTable, type Outcome, setTable } from './quality-table.js'
import { flaggedShare, rank } from './ranking.js'
import { makeReport } from './report.js'
import { shuffled } from './shuffled.js'

const options = benchOptions({
  ...{ data: null, seeds: 3, sets: null, half: null, rows: null, contamination: null },
  ...{ protocols: PROTOCOLS.join(','), python: 'python3', 'without-peers': false },
})
if (options.data === undefined) throw new Error('--data DIR: which folder holds the labelled sets (*.csv.gz)?')
const folder = options.data
const all = options.sets?.split(',') ?? (await namesOfSets(folder))
const names = options.half === undefined ? all : all.filter((_, at) => at % 2 === Number(options.half) - 1)
const protocols = PROTOCOLS.filter((protocol) => options.protocols.split(',').includes(protocol))
const seeds = Array.from({ length: options.seeds }, (_, seed) => seed)
const hasPeers = !options['without-peers'] && (await hasModule(options.python, 'sklearn', 'the peers are'))

const report = makeReport(options.json)
const outcomes: Outcome[] = []
for (const name of names) {
  const set = await readSet(folder, name)
  for (const protocol of protocols) {
    for (const seed of seeds) outcomes.push(...(await tryOut(set, protocol, seed)))
  }
}
report.table('all sets', methodTable(outcomes))
report.table('anomalies among scored normal rows', flaggedTable(outcomes))
report.table('AUROC / AP by set', setTable(outcomes))

async function tryOut(set: LabelledSet, protocol: Protocol, seed: number): Promise<Outcome[]> {
  const split = partOf(splitBy(protocol, set, seed), seed)
  const isAnomaly = split.score.map((row) => set.isAnomaly[row]!)
  const { nll, pValue, fitSeconds, scoreSeconds, ...fit } = await scoreByOutflow(set, split, seed)
  const common = { set: set.name, protocol }
  const ofNormal = pValue.filter((_, row) => !isAnomaly[row])
  const flagged = FLAGGED_AT.map((rate) => flaggedShare(ofNormal, rate))
  const own = { ...common, method: 'outflow', ...rank(nll, isAnomaly), fitSeconds, scoreSeconds, flagged }
  console.error(
    `${set.name} ${protocol} ${seed}: AUROC ${own.auroc.toFixed(3)}, AP ${own.averagePrecision.toFixed(3)}, ` +
      `${fit.features} columns, ${fit.steps} steps, best at ${fit.bestStep}, ${fitSeconds.toFixed(1)} s`,
  )
  const others = hasPeers ? await scoreByPeers(options.python, set, split, seed) : []
  return [own, ...others.map(({ scores, ...other }) => ({ ...common, ...other, ...rank(scores, isAnomaly) }))]
}

function partOf(split: Split, seed: number): Split {
  if (options.rows === undefined) return split
  return { ...split, fit: shuffled(split.fit, seed).slice(0, Number(options.rows)) }
}

async function scoreByOutflow(set: LabelledSet, split: Split, seed: number) {
  const { features, artefact, metadata, fitSeconds } = await fitFile(
    { name: set.name, bytes: Readable.from(csvOf(set, split.fit)), format: 'csv' },
    {
      seed,
      mayBeProvisional: options.rows !== undefined,
      ...(options.contamination && { contamination: Number(options.contamination) }),
    },
  )
  const scoring = performance.now()
  const read = makeReader(features)
  const detector = await openDetector(artefact)
  const { nll, pValue } = await detector.score(
    split.score.map((row) => {
      const fields = read(Object.fromEntries(set.columns.map((column, at) => [column, set.rows[row]![at]])))
      if ('reason' in fields) throw new Error(`row ${row} of ${set.name} is rejected: ${fields.detail}`)
      return fields
    }),
  )
  await detector.close()
  return {
    nll,
    pValue,
    fitSeconds,
    scoreSeconds: (performance.now() - scoring) / 1_000,
    features: features.length,
    ...metadata.training,
  }
}

function* csvOf({ columns, rows }: LabelledSet, fit: readonly number[]): Generator<Buffer> {
  yield Buffer.from(`${columns.join(',')}\n`)
  for (const row of fit) yield Buffer.from(`${rows[row]!.join(',')}\n`)
}
