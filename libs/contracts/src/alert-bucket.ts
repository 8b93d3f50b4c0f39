import { z } from 'zod'
import { alertEventSchema, type Severity } from './alert-event.js'

/** What one alert after another is held against: those of a key or of a reason, those of quiet hours, a key's cool-down. */
export type AlertBucketKind = 'key' | 'reason' | 'quiet' | 'cooldown'

/** Span of detection times in which alerts of one kind are counted, gathered or hidden. */
export interface AlertBucket {
  readonly kind: AlertBucketKind
  /** The key; or the reason as `["field","above"]`; or nothing. */
  readonly subject: string
  readonly opensAtMs: number
  readonly closesAtMs: number
  /** How many more alerts may be sent singly. */
  readonly allowance: number
  /** How many were sent singly. */
  readonly sent: number
  /** How many were gathered; of a cool-down, hidden. */
  readonly count: number
  /** Of the most severe that was gathered; of a cool-down, of the alert that began it. null: nothing was gathered. */
  readonly severity: Severity | null
  /** Of the first that was gathered: names the group. */
  readonly firstId: string | null
  readonly firstAtMs: number | null
  readonly lastAtMs: number | null
  /** The least likely that were gathered, the least likely first. */
  readonly examples: readonly AlertExample[]
}

/** An anomaly that stands for a group. */
export const alertExampleSchema = z
  .object({
    id: z.string(),
    key: z.string().nullable(),
    severity: alertEventSchema.shape.data.shape.severity,
    /** Nats. */
    nll: z.number(),
    pValue: z.number(),
    /** The main reason in words; null: it has none. */
    reason: z.string().nullable(),
    /** Of the event, epoch ms. */
    eventTimeMs: z.number(),
  })
  .readonly()

export type AlertExample = z.infer<typeof alertExampleSchema>
