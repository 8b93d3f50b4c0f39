import { z } from 'zod'
import type { Severity } from './alert-event.js'
import { groupExampleSchema } from './group-event.js'

/** What the alerts of a bucket share: a key, a main reason, quiet hours, or the cool-down of a key. */
export type AlertBucketKind = 'key' | 'reason' | 'quiet' | 'cooldown'

/** Span of detection times in which alerts of one kind are counted, grouped or hidden. */
export interface AlertBucket {
  readonly kind: AlertBucketKind
  /** The key, or the reason as `["field","above"]`, or empty. */
  readonly subject: string
  readonly opensAtMs: number
  readonly closesAtMs: number
  /** Number of further alerts that may be sent individually. */
  readonly allowance: number
  /** Number of alerts that were sent individually. */
  readonly sent: number
  /** Number of grouped alerts; in a cool-down, of hidden ones. */
  readonly count: number
  /** Severity of the most severe grouped alert; in a cool-down, of the alert that began it. null while no alert is grouped. */
  readonly severity: Severity | null
  /** Id of the first grouped alert, which identifies the group. */
  readonly firstId: string | null
  readonly firstAtMs: number | null
  readonly lastAtMs: number | null
  /** The least likely of the grouped alerts, the least likely first. */
  readonly examples: readonly AlertExample[]
}

/** An example of the anomalies in a group, as it is stored; its times are epoch ms. */
export const alertExampleSchema = groupExampleSchema
  .omit({ time: true, surpriseBits: true })
  .extend({ eventTimeMs: z.number() })
  .readonly()

type AlertExample = z.infer<typeof alertExampleSchema>
