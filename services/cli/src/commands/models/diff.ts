import { featureName } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { type Fields, isRejection } from '@outflow/records'
import type { Pool } from '@outflow/store'
import { loadModel, type StoredModel } from '@outflow/store/models'
import type { Terminal } from '@outflow/terminal'
import { printResult } from '../../command-context.js'
import { withDetector } from '../../model-file.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../../store-access.js'

/** How two models differ. */
interface Difference {
  /** Facts of both that are not the same, by name. */
  readonly facts: Readonly<Record<string, readonly [unknown, unknown]>>
  /**
   * How much less likely each finds records that the other makes up, nats a record: estimates of the Kullback-Leibler
   * divergences; null where their features differ.
   */
  readonly divergence: { readonly secondToFirst: number; readonly firstToSecond: number } | null
}

const SAMPLED = 1_000
const SEED = 1

/** Prints how two models differ: in what they were made of, and in what they find likely. */
export async function diffModels(
  first: string,
  second: string,
  options: PipelineOptions,
  terminal: Terminal,
): Promise<void> {
  const [a, b] = await withPipeline(options, async (pool, { pipeline }) => [
    await load(pool, pipeline, first),
    await load(pool, pipeline, second),
  ])
  const difference = await differenceOf(a!, b!)
  await printResult(terminal, options.json, difference, describe(a!, b!, difference, terminal))
}

async function load(pool: Pool, pipeline: string, id: string): Promise<StoredModel> {
  const model = await modelBeginning(pool, pipeline, id)
  return loadModel(pool, { pipeline, id: model.id })
}

async function differenceOf(a: StoredModel, b: StoredModel): Promise<Difference> {
  return withDetector(a.artefact, (first) =>
    withDetector(b.artefact, async (second) => {
      const [own, other] = [factsOf(a, first), factsOf(b, second)]
      const facts = Object.keys(own)
        .filter((name) => JSON.stringify(own[name]) !== JSON.stringify(other[name]))
        .map((name) => [name, [own[name] ?? null, other[name] ?? null]] as const)
      return { facts: Object.fromEntries(facts), divergence: await divergenceOf(first, second) }
    }),
  )
}

function factsOf(
  { metrics, state, parentId, artefactBytes }: StoredModel,
  { metadata: { features, model, training, calibration, window, seed, contamination, alertRate } }: Detector,
): Record<string, unknown> {
  const { gain, anomalyShare } = metrics
  return {
    state,
    parent: parentId,
    'window from': window?.from,
    'window to': window?.to,
    features: features.map((feature) => `${featureName(feature)} ${feature.type}`).join(', '),
    kind: `${model.kind}, ${model.layers} layers of ${model.hidden.join(', ')}`,
    seed,
    contamination,
    'alert rate': alertRate,
    rows: training.rows,
    'best step': training.bestStep,
    'validation, nats': training.validationNll,
    'calibration rows': calibration.rows,
    'median calibration nll': calibration.medianNll,
    'gain at the gate, nats': gain.mean,
    'anomaly share at the gate': anomalyShare,
    'artefact, bytes': artefactBytes,
  }
}

async function divergenceOf(first: Detector, second: Detector): Promise<Difference['divergence']> {
  if (JSON.stringify(first.metadata.features) !== JSON.stringify(second.metadata.features)) return null
  return { secondToFirst: await meanExcess(second, first), firstToSecond: await meanExcess(first, second) }
}

/** mean(nll of `judge` − nll of `maker`) over records that `maker` makes up. */
async function meanExcess(maker: Detector, judge: Detector): Promise<number> {
  const records = (await maker.sample(SAMPLED, SEED))
    .map((record) => maker.read(record))
    .filter((read): read is Fields => !isRejection(read))
  const own = await maker.score(records)
  const other = await judge.score(records)
  return other.nll.reduce((sum, nll, index) => sum + nll - own.nll[index]!, 0) / records.length
}

function describe(a: StoredModel, b: StoredModel, { facts, divergence }: Difference, terminal: Terminal): string {
  const table = terminal.table({
    head: ['', a.id, b.id],
    rows: Object.entries(facts).map(([name, [own, other]]) => [name, show(own), show(other)]),
  })
  const apart =
    divergence === null
      ? 'their features differ: likelihoods cannot be compared'
      : `records of the second are ${divergence.secondToFirst.toFixed(3)} nats higher under the first, ` +
        `records of the first ${divergence.firstToSecond.toFixed(3)} nats higher under the second`
  return `${table}\n${apart}`
}

const show = (value: unknown): string => (value === null ? '–' : String(value))
