import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { breakFlights } from './broken-messages.js'
import { corruptStream } from './corrupt.js'
import type { Flight } from './flights.js'

/** A message that the demo will send. */
export interface PlannedMessage {
  readonly key: string
  readonly value: Buffer | null
  /** The corruption or fault, for the truth header; null for a real flight. */
  readonly truth: string | null
}

export type FeedPlan = ReturnType<typeof planFeed>

interface FeedPlanOptions {
  readonly seed: number
  /** Share of the flights that are corrupted. */
  readonly corruptShare: number
  /** Undecodable or invalid messages, in addition to the flights. */
  readonly broken: number
  /** Messages at the end that are sent at a steady pace. */
  readonly steady: number
}

/** The header with the truth, which no detector reads. */
export const TRUTH_HEADER = 'demo-truth'
/** Prefix of the truth where a message is broken rather than corrupted. */
export const BROKEN = 'broken: '

/** Plans the messages, in the order of the flights' dates; the same flights and seed give the same plan. */
export function planFeed(flights: readonly Flight[], options: FeedPlanOptions) {
  const { seed, corruptShare, broken, steady } = options
  const messages: PlannedMessage[] = corruptStream(flights, { share: corruptShare, seed }).map(
    ({ flight, corruption }) => ({ key: flight.origin, value: Buffer.from(JSON.stringify(flight)), truth: corruption }),
  )
  const random = xoroshiro128plus(seed + 1)
  const stretch = Math.floor(flights.length / broken)
  const places = Array.from({ length: broken }, (_, index) => index * stretch + uniformInt(random, 0, stretch - 1))
  const breaks = breakFlights(places.map((place) => flights[place]!))
  // From the end, so that the earlier places remain valid.
  for (let index = broken - 1; index >= 0; index -= 1) {
    const { key, value, fault } = breaks[index]!
    messages.splice(places[index]!, 0, { key, value, truth: `${BROKEN}${fault}` })
  }
  return {
    /** Sent as fast as the broker accepts them; the first model is fitted to these. */
    backlog: messages.slice(0, -steady),
    /** Sent at a steady pace, to measure the time from produce to alert. */
    steady: messages.slice(-steady),
  }
}
