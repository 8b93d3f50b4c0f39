/**
 * Finds what is new at the head of a list that is ordered by time.
 *
 * @param page   the newest items, as they were just read
 * @param known  what was there before
 * @returns the new ones in their order; null where the page does not reach what is known, so that some may be missing
 */
export function mergeFresh<T extends { readonly id: string }>(
  page: readonly T[],
  known: readonly { readonly id: string }[],
): readonly T[] | null {
  const ids = new Set(known.map(({ id }) => id))
  const fresh = page.filter(({ id }) => !ids.has(id))
  return fresh.length === page.length && page.length > 0 && known.length > 0 ? null : fresh
}
