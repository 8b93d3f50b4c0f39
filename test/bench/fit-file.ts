import { configSchema } from '@outflow/contracts'
import { trainDetector } from '@outflow/detector'
import { type RecordFile, readTrainingRecords } from '@outflow/records'
import { FILE_ALERT_RATE } from '../../services/cli/src/options.js'
import { endedChildrenCpuMs } from './ingest/processes.js'

interface FitFileOptions {
  readonly seed: number
  readonly alertRate?: number
  /** Default: that of outflow.yaml. */
  readonly contamination?: number
  /** Whether a model of fewer records than minRows is provisional. Default: false, as in `outflow train` */
  readonly mayBeProvisional?: boolean
}

/**
 * Fits a model to a file as `outflow train` does by default: features inferred from the rows, the defaults of outflow.yaml.
 *
 * @returns also the CPU seconds of the fit
 */
export async function fitFile(
  file: RecordFile,
  { seed, contamination, alertRate = FILE_ALERT_RATE, mayBeProvisional = false }: FitFileOptions,
) {
  const training = { ...configSchema.shape.training.parse({ contamination }), seed }
  const { features, records } = await readTrainingRecords(file, {
    ...{ features: null, exclude: [], ...training },
    ...{ signal: new AbortController().signal, onRows: () => {} },
  })
  const model = configSchema.shape.model.parse({})
  const provisional = mayBeProvisional && records.length < training.minRows
  const started = cpuMs()
  const trained = await trainDetector({ features, records, model, training, provisional, alertRate })
  return { ...trained, features, fitSeconds: (cpuMs() - started) / 1_000 }
}

/** CPU time of this process and of its fit processes that have ended. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000 + endedChildrenCpuMs()
}
