import type { Config } from '@outflow/contracts'
import type { openDetector, TrainingInput, trainDetector } from '@outflow/detector'
import type { RecordDecoder } from '@outflow/records'
import type { Tracing } from '@outflow/runtime'
import type { Listener, Pool } from '@outflow/store'
import type { KafkaConnection } from '@outflow/streams'
import type { TrainerTelemetry } from './telemetry.js'

/** Progress of the trainer, for display. */
export type TrainerProgress =
  | ({ readonly stage: 'fitting' } & Parameters<NonNullable<TrainingInput['onProgress']>>[0])
  | { readonly stage: 'promoted' | 'shadow' | 'failed_gate'; readonly modelId: string }

/** Dependencies of the leading trainer. */
export interface TrainerContext {
  readonly config: Config
  readonly pool: Pool
  readonly kafka: KafkaConnection
  readonly decoder: RecordDecoder
  readonly models: { readonly train: typeof trainDetector; readonly open: typeof openDetector }
  /** Calls `onWork` when a model is requested, and at intervals. */
  readonly listen: (onWork: () => void) => Listener
  readonly telemetry: TrainerTelemetry
  readonly tracing: Tracing | null
  readonly onProgress?: ((progress: TrainerProgress) => void) | undefined
  readonly signal: AbortSignal
}
