/**
 * Finds the new items at the head of a list that is ordered by time.
 *
 * @param page   the newest items, as just read
 * @param known  the items before
 * @returns the new items in their order; null when the page does not reach a known item, so that some may be missing
 */
export function mergeFresh<T extends { readonly id: string }>(
  page: readonly T[],
  known: readonly { readonly id: string }[],
): readonly T[] | null {
  const ids = new Set(known.map(({ id }) => id))
  const fresh = page.filter(({ id }) => !ids.has(id))
  return fresh.length === page.length && page.length > 0 && known.length > 0 ? null : fresh
}
