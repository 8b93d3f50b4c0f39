import type { Config, Feature, ModelMetadata } from '@outflow/contracts'
import type { Fields } from '@outflow/encoding'
import type { BackendName, FitProgress } from '@outflow/flow'

export interface TrainingInput {
  readonly features: readonly Feature[]
  /** Already read; in the order of the stream. */
  readonly records: readonly Fields[]
  readonly model: Config['model']
  readonly training: Pick<Config['training'], 'contamination' | 'seed'>
  /** The false-alarm rate that the calibration set is sized for: at least 2 / alertRate records, at most 30 %. */
  readonly alertRate: number
  /** ISO 8601; where the records come from, for the model's metadata. */
  readonly window?: { readonly from: string; readonly to: string }
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  readonly onProgress?: (progress: FitProgress) => void
  readonly signal?: AbortSignal
}

export interface TrainedDetector {
  /** One safetensors file: weights, tables and calibration, with the metadata and a checksum. */
  readonly artefact: Uint8Array
  readonly metadata: ModelMetadata
}

export function trainDetector(_input: TrainingInput): Promise<TrainedDetector> {
  throw new Error('being written')
}
