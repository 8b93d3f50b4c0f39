import { type Listener, type ListenerOptions, listen } from '../connection/listen.js'
import { activeModelId } from './models.js'
import { latestRecalibration, type StoredRecalibration } from './recalibrations.js'
import { shadowId } from './shadows.js'

interface ModelListenerOptions extends ListenerOptions {
  /** Called with the active model's id at the start and when it has changed; null: no model yet. */
  readonly onChange: (modelId: string | null) => void
  /** Called with the active model's recalibration when it has changed. */
  readonly onRecalibration?: (recalibration: StoredRecalibration) => void
  /** Called with the shadow's id when it has changed; null: none. */
  readonly onShadow?: (modelId: string | null) => void
}

/** Monitors the pipeline's active model: immediately by NOTIFY, and by polling (default: every second) in case a notification is lost. */
export function listenForModels(options: ModelListenerOptions): Listener {
  const { pipeline, onChange, onRecalibration, onShadow } = options
  let lastActive: string | null | undefined
  let lastRecalibration: bigint | undefined
  let lastShadow: string | null = null
  return listen({
    ...options,
    pollMs: options.pollMs ?? 1_000,
    checks: {
      outflow_models: async (client) => {
        const active = await activeModelId(client, pipeline)
        if (active !== lastActive) onChange(active)
        lastActive = active
        if (onShadow !== undefined) {
          const shadow = await shadowId(client, pipeline)
          if (shadow !== lastShadow) onShadow(shadow)
          lastShadow = shadow
        }
        if (active === null || onRecalibration === undefined) return
        const recalibration = await latestRecalibration(client, { pipeline, modelId: active })
        if (recalibration === null || recalibration.id === lastRecalibration) return
        lastRecalibration = recalibration.id
        onRecalibration(recalibration)
      },
    },
  })
}
