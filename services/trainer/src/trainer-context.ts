import type { Config } from '@outflow/contracts'
import type { RecordDecoder } from '@outflow/records'
import type { Tracing } from '@outflow/runtime'
import type { Pool } from '@outflow/store'
import type { KafkaConnection } from '@outflow/streams'
import type { TrainerTelemetry } from './telemetry.js'
import type { TrainerProgress } from './train-once.js'

/** What the trainer that leads works with. */
export interface TrainerContext {
  readonly config: Config
  readonly pool: Pool
  readonly kafka: KafkaConnection
  readonly decoder: RecordDecoder
  readonly telemetry: TrainerTelemetry
  readonly tracing: Tracing | null
  readonly onProgress?: ((progress: TrainerProgress) => void) | undefined
  readonly signal: AbortSignal
}
