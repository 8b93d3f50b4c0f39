import { clampTime } from '@outflow/contracts'

// Jsonb recursion is bounded by max_stack_depth (2 MB are enough for some 6,000 levels), V8's by its own stack.
const MAX_JSON_DEPTH = 500

/** Returns epoch ms as a timestamptz literal, clamped. */
export function timestampText(epochMs: number): string {
  return new Date(clampTime(epochMs)).toISOString()
}

/**
 * Returns JSON text that jsonb accepts. Jsonb refuses NUL and lone surrogates, which JSON allows: they become U+FFFD. A
 * value nested deeper than 500 levels is replaced by a note, so that one such record does not stop the stream.
 */
export function jsonbText(value: unknown): string {
  return depthExceeds(value, MAX_JSON_DEPTH) ? '{"outflow.omitted":"nested deeper than 500 levels"}' : plainJson(value)
}

/** Returns a JSON value without NUL and lone surrogates: each becomes U+FFFD. */
export function plainJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  // Nearly every record returns here; an escaped backslash before u0000 merely causes an unnecessary replacement.
  if (!/\\u(0000|d[89a-f])/.test(text)) return text
  // Of surrogates JSON.stringify escapes only lone ones. Two backslashes are matched, so that no match begins with the second one.
  return text.replace(/\\\\|\\u(?:0000|d[89a-f]..)/g, (own) => (own.length > 2 ? '\uFFFD' : own))
}

function depthExceeds(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false
  if (levels === 0) return true
  return Object.values(value).some((item) => depthExceeds(item, levels - 1))
}
