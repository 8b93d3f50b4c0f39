import type { Config, Severity, SuppressionRule } from '@outflow/contracts'
import { type WeekClock, weekClock } from './week-clock.js'

/** The settings that limit how many alerts are sent. */
export interface Control {
  readonly suppressions: readonly (SuppressionRule & { readonly id: string })[]
  /** Cool-down of a key; null: none. */
  readonly cooldownMs: number | null
  readonly grouping: { readonly bucketMs: number; readonly perKey: number; readonly perReason: number } | null
  readonly quietHours: { readonly week: WeekClock; readonly below: Severity } | null
}

/** Returns the control that outflow.yaml and the stored rules define. */
export function controlOf(
  { cooldown, grouping, quietHours }: Pick<Config['alerts'], 'cooldown' | 'grouping' | 'quietHours'>,
  suppressions: Control['suppressions'],
): Control {
  return {
    suppressions,
    cooldownMs: cooldown ?? null,
    grouping: grouping ? { bucketMs: grouping.bucket, perKey: grouping.perKey, perReason: grouping.perReason } : null,
    quietHours: quietHours ? { week: weekClock(quietHours.when, quietHours.zone), below: quietHours.below } : null,
  }
}
