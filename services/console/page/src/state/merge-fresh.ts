interface Item {
  readonly id: string
}

/**
 * Finds the new items at the head of a list that is ordered by time.
 *
 * @param page   the newest items, as just read; `next` is null when these are all
 * @param known  the items before
 * @returns the new items in their order; null when the page does not reach a known item, so that some may be missing
 */
export function mergeFresh<T extends Item>(
  { items, next }: { readonly items: readonly T[]; readonly next: string | null },
  known: readonly Item[],
): readonly T[] | null {
  const ids = new Set(known.map(({ id }) => id))
  const fresh = items.filter(({ id }) => !ids.has(id))
  return next !== null && fresh.length === items.length && known.length > 0 ? null : fresh
}
