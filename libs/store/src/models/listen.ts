import { type ListenerOptions, type Listening, listen } from '../connection/listen.js'
import { latestFollowing, type StoredFollowing } from './followings.js'
import { activeModelId } from './models.js'
import { shadowId } from './shadows.js'

interface ModelListenerOptions extends ListenerOptions {
  /** Called with the active model's id when it is not the one last told; first at the start (null: no model yet). */
  readonly onChange: (modelId: string | null) => void
  /** Called when the active model's p-values are to be moved in another way than was last told. */
  readonly onFollowing?: (following: StoredFollowing) => void
  /** Called with the id of the candidate that is to score beside, when it is another than was last told; null: none. */
  readonly onShadow?: (modelId: string | null) => void
}

/** Follows the pipeline's active model: by NOTIFY at once, by polling (default: every second) where a notification was lost. */
export function listenForModels(options: ModelListenerOptions): Listening {
  const { pipeline, onChange, onFollowing, onShadow } = options
  let told: string | null | undefined
  let toldFollowing: bigint | undefined
  let toldShadow: string | null = null
  return listen({
    ...options,
    channel: 'outflow_models',
    pollMs: options.pollMs ?? 1_000,
    look: async (client) => {
      const active = await activeModelId(client, pipeline)
      if (active !== told) onChange(active)
      told = active
      if (onShadow !== undefined) {
        const shadow = await shadowId(client, pipeline)
        if (shadow !== toldShadow) onShadow(shadow)
        toldShadow = shadow
      }
      if (active === null || onFollowing === undefined) return
      const following = await latestFollowing(client, { pipeline, modelId: active })
      if (following === null || following.id === toldFollowing) return
      toldFollowing = following.id
      onFollowing(following)
    },
  })
}
