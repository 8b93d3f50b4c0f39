import type { Counterfactual } from '../events/reason.js'

/** Formats a named mistake with its probability, such as `kilometres instead of miles? 97 %`. */
export function formatMistake({ name, share }: NonNullable<Counterfactual['mistake']>): string {
  return `${name}? ${Math.min(99, Math.round(100 * share))} %`
}
