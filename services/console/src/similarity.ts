import type { FieldBits } from '@outflow/store/anomalies'

/**
 * Similarity of the reasons of two anomalies: the cosine of the angle between their bits, with an axis per field.
 *
 * @returns 0 (no field in common) to 1 (the same fields in the same proportion)
 */
export function similarity(a: readonly FieldBits[], b: readonly FieldBits[]): number {
  const ofB = new Map(b.map(({ field, bits }) => [field, bits]))
  const product = a.reduce((sum, { field, bits }) => sum + bits * (ofB.get(field) ?? 0), 0)
  const lengths = length(a) * length(b)
  return lengths === 0 ? 0 : Math.min(1, product / lengths)
}

const length = (fields: readonly FieldBits[]): number => Math.hypot(...fields.map(({ bits }) => bits))
