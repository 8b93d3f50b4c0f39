import { shuffled as shuffledPlaces } from '@outflow/encoding'

/** Returns the items in a random order; the same for the same seed. */
export const shuffled = <T>(items: readonly T[], seed: number): T[] =>
  Array.from(shuffledPlaces(items.length, seed), (place) => items[place]!)
