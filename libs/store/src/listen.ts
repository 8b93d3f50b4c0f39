import type { OutflowError } from '@outflow/errors'

export interface Listening {
  /** Stops listening and closes the connection; resolves when both are done. */
  close(): Promise<void>
}

export interface ModelListenerOptions {
  readonly url: string
  readonly pipeline: string
  /** Called with the active model's id when it is not the one last told; first at the start (null: no model yet). */
  readonly onChange: (modelId: string | null) => void
  /** Told of each lost connection; the listener reconnects by itself. */
  readonly onError?: (error: OutflowError) => void
  /** How often the database is asked in any case, ms; default 5,000. */
  readonly pollMs?: number
}

/** Follows the pipeline's active model: by NOTIFY at once, by polling where a notification was lost. */
export function listenForModels(options: ModelListenerOptions): Listening {
  throw new Error(`not built yet ${options}`)
}

export interface OutboxListenerOptions {
  readonly url: string
  readonly pipeline: string
  /** Called when new rows were committed, and every `pollMs` in any case. */
  readonly onWork: () => void
  readonly onError?: (error: OutflowError) => void
  /** Default 500. */
  readonly pollMs?: number
}

/** Wakes the relay when there may be something to send. */
export function listenForOutbox(options: OutboxListenerOptions): Listening {
  throw new Error(`not built yet ${options}`)
}
