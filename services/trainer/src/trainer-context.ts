import type { Config } from '@outflow/contracts'
import type { Detector, TrainedDetector, TrainingInput } from '@outflow/detector'
import type { RecordDecoder } from '@outflow/records'
import type { Tracing } from '@outflow/runtime'
import type { Listener, Pool } from '@outflow/store'
import type { KafkaConnection } from '@outflow/streams'
import type { TrainerTelemetry } from './telemetry.js'

/** Progress of the trainer, for display. */
export type TrainerProgress =
  | ({ readonly stage: 'fitting' } & Parameters<NonNullable<TrainingInput['onProgress']>>[0])
  | { readonly stage: 'promoted' | 'shadow' | 'failed_gate'; readonly modelId: string }

/** Fits and opens models. */
interface Models {
  readonly train: (input: TrainingInput) => Promise<TrainedDetector>
  /** @throws {OutflowError} if it is damaged, not a model of outflow, or of a later version */
  readonly open: (artefact: Uint8Array) => Promise<Detector>
}

/** Dependencies of the leading trainer. */
export interface TrainerContext {
  readonly config: Config
  readonly pool: Pool
  readonly kafka: KafkaConnection
  readonly decoder: RecordDecoder
  readonly models: Models
  /** Calls `onWork` when a model is requested, and at intervals. */
  readonly listen: (onWork: () => void) => Listener
  readonly telemetry: TrainerTelemetry
  readonly tracing: Tracing | null
  readonly onProgress?: ((progress: TrainerProgress) => void) | undefined
  readonly signal: AbortSignal
}
