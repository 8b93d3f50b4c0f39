import { stat } from 'node:fs/promises'
import { type Config, configSchema, type Feature } from '@outflow/contracts'
import { featureName, featurePath, nameOfPath } from '@outflow/contracts/feature'
import { alertRateOf, type TrainedDetector, trainDetector } from '@outflow/detector'
import { readTrainingRecords, type TrainingRecords } from '@outflow/records'
import { loadConfig } from '@outflow/runtime'
import {
  type FitStep,
  fitProgress,
  formatCount,
  formatCounted,
  formatSeconds,
  oneLine,
  type Terminal,
} from '@outflow/terminal'
import { type CommandContext, printJson } from '../command-context.js'
import { UsageError } from '../errors.js'
import { warnOfNoAnomaly } from '../files/model-file.js'
import { openInput } from '../files/open-input.js'
import { withOutput } from '../files/open-output.js'
import { headerWarning } from '../header-warning.js'
import { interruptible } from '../interrupt.js'
import { leftOutByReason } from '../left-out.js'
import { alertRateOption, collect, FILE_ALERT_RATE, jsonOption, seedOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Fits a model to the records of a file. Without --config the features are inferred from the records: numbers are numeric ' +
        '(scale: log where they are skewed over a decade), texts with few values categorical, ISO 8601 times cyclic over the day. Fields that a model cannot use are left out and reported.',
    )
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('-o, --output <file>', 'model file to write; - is stdout')
    .option('-c, --config <file>', 'an outflow.yaml with features and training')
    .option('--exclude <column>', 'leave a column out; can be repeated', collect)
    .addOption(seedOption())
    .addOption(alertRateOption(`that of --config, else ${FILE_ALERT_RATE}`))
    .addOption(jsonOption('the report'))
    .examples(
      'outflow train --input flights.csv --output flights.model',
      'outflow train --input flights.ndjson.gz --exclude id --exclude carrier --seed 7 --output flights.model',
    )
    .action((options: TrainOptions) => interruptible((signal) => train(options, terminal, signal)))
}

interface TrainOptions {
  readonly input: string
  readonly output: string
  readonly config?: string
  readonly exclude?: readonly string[]
  readonly seed?: number
  readonly alertRate?: number
  readonly json?: true
}

async function train(options: TrainOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const settings = settingsOf(options, options.config === undefined ? null : await loadConfig(options.config))
  // Opened first, so that an unwritable path fails before the fit.
  const { training, trained } = await withOutput(options.output, async (output) => {
    const training = await readInput(options, settings, terminal, signal)
    const trained = await fit(training, settings, terminal, signal)
    await output.write(trained.artefact)
    return { training, trained }
  })
  const { features, leftOut, rows } = training
  if (options.json) {
    await printJson(terminal, { model: options.output, rows, features, leftOut, metadata: trained.metadata })
  }
  printReport(options.output, trained, terminal)
}

type Settings = ReturnType<typeof settingsOf>

interface TrainingInput extends TrainingRecords {
  /** That the header may be a record; null: no sign of it. */
  readonly headerWarning: string | null
}

function settingsOf(options: TrainOptions, config: Config | null) {
  const { model, training } = config ?? {
    model: configSchema.shape.model.parse({}),
    training: configSchema.shape.training.parse({}),
  }
  const alertRate = options.alertRate ?? (config === null ? FILE_ALERT_RATE : alertRateOf(config.detection, {}))
  const seed = options.seed ?? training.seed
  return { features: config?.features ?? null, model, training: { ...training, seed }, alertRate }
}

export async function readInput(
  options: Pick<TrainOptions, 'input' | 'exclude'>,
  { features, training }: Pick<Settings, 'training'> & { readonly features: readonly Feature[] | null },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<TrainingInput> {
  const { maxRows, seed } = training
  const readOnce = async (given: readonly Feature[] | null, exclude: readonly string[]) => {
    const input = await openInput(options.input, signal)
    const progress = terminal.progress({ label: 'read', total: null, unit: 'row' })
    const onRows = (rows: number) => progress.update(rows)
    try {
      const read = await readTrainingRecords(input, { features: given, exclude, maxRows, seed, signal, onRows })
      const paths = [...read.features.map(featurePath), ...read.leftOut.map(({ path }) => path)]
      return { ...read, headerWarning: given === null && input.format === 'csv' ? headerWarning(paths) : null }
    } finally {
      progress.stop()
    }
  }
  const read = await readOnce(features, options.exclude ?? [])
  const windowed = read.features.find(({ type }) => type === 'window')
  if (features !== null || windowed === undefined || read.records.length === read.rows) return read
  // The windows of a sample lack the rows that are not in it.
  if (options.input === '-' || !(await stat(options.input)).isFile()) {
    throw new UsageError(
      `--input ${options.input} cannot be read twice, which ${featureName(windowed)} needs with more than ${formatCount(maxRows)} rows; ` +
        'write them to a file, or run `outflow init` and `outflow train --config`',
    )
  }
  return { ...read, records: (await readOnce(read.features, [])).records }
}

const kindOf = (feature: Feature): string =>
  feature.type === 'numeric' && feature.scale === 'log' ? 'numeric log' : feature.type
const isOptional = (feature: Feature): boolean => feature.type !== 'window' && feature.optional

function printFeatures(
  { headerWarning, features, leftOut, warnings, records, rows }: TrainingInput,
  { say, paint }: Terminal,
): void {
  if (headerWarning !== null) say(headerWarning)
  const named = features.map(
    (feature) =>
      `${oneLine(featureName(feature))} ${paint.dim(kindOf(feature))}${isOptional(feature) ? paint.dim(' (optional)') : ''}`,
  )
  say(`features: ${named.join(', ')}`)
  for (const text of leftOutByReason(leftOut)) say(`left out: ${text}`)
  for (const { path, text } of warnings) say(`warning: ${nameOfPath(path)}: ${text}`)
  if (records.length < rows)
    say(`a sample of ${formatCount(records.length)} of the ${formatCount(rows)} rows is fitted`)
}

async function fit(
  read: TrainingInput,
  { model, training, alertRate }: Settings,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<TrainedDetector> {
  const { features, records } = read
  const bars = fitProgress(terminal)
  let arePrinted = false
  // Printed once the fit has begun: for a file that cannot be fitted, only the error is printed.
  const printFeaturesOnce = () => {
    if (!arePrinted) printFeatures(read, terminal)
    arePrinted = true
  }
  const onProgress = (progress: FitStep) => {
    printFeaturesOnce()
    bars.update(progress)
  }
  try {
    const trained = await trainDetector({ features, records, model, training, alertRate, signal, onProgress })
    printFeaturesOnce() // a fit without numbers has no step
    return trained
  } finally {
    bars.stop()
  }
}

function printReport(path: string, { artefact, metadata }: TrainedDetector, { say }: Terminal): void {
  const { training, calibration } = metadata
  const steps = `${formatCounted(training.steps, 'step')}, best at ${formatCount(training.bestStep)}`
  say(
    `fitted to ${formatCount(training.rows)} records in ${formatSeconds(training.durationMs)}` +
      // With categories alone no flow is fitted.
      (training.backend === 'none' ? '' : ` on ${training.backend} ${training.backendVersion}: ${steps}`),
  )
  if (training.stopped === 'diverged') {
    say(
      `warning: the fit diverged; the model has the weights of step ${formatCount(training.bestStep)}, and later steps are discarded`,
    )
  }
  say(
    `calibrated on ${formatCount(calibration.rows)} records: median ${calibration.medianNll.toFixed(2)} nats, ` +
      `smallest counted p-value ${calibration.smallestPValue.toPrecision(2)}${calibration.hasTail ? ', Pareto tail below' : ''}`,
  )
  warnOfNoAnomaly(metadata, metadata.alertRate, { say })
  if (path !== '-') say(`${path}: model ${metadata.modelId}, ${formatCount(Math.ceil(artefact.length / 1024))} KiB`)
}
