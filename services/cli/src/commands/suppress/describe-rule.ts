import type { SuppressionRule } from '@outflow/contracts'

/** What a rule hides, in words. */
export function describeRule(rule: Omit<SuppressionRule, 'expiresAt'>): string {
  const { entity, timeOfWeek, zone } = rule
  const parts = [
    ...(entity === null ? [] : [`of ${entity}`]),
    ...describeReason(rule),
    ...(timeOfWeek === null ? [] : [`${timeOfWeek} ${zone}`]),
  ]
  return `alerts ${parts.join(', ')}`
}

function describeReason({ field, direction, range }: Omit<SuppressionRule, 'expiresAt'>): string[] {
  if (field === null) return []
  const side = direction === null ? '' : ` ${direction} the expected`
  const [low, high] = range ?? [null, null]
  const within = range === null ? '' : ` within ${low ?? ''}..${high ?? ''}`
  return [`mainly for ${field}${side}${within}`]
}
