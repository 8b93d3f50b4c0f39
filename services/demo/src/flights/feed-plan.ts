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

const SEED = 1
/** Share of the flights that are corrupted. */
const CORRUPT_SHARE = 0.005
/** Undecodable or invalid messages, in addition to the flights. */
const BROKEN_MESSAGES = 20
/** Messages at the end, which are sent at a pace that a viewer can follow. */
const STEADY_MESSAGES = 4_000

/** The header with the truth, which no detector reads. */
export const TRUTH_HEADER = 'demo-truth'
/** Prefix of the truth where a message is broken rather than corrupted. */
export const BROKEN = 'broken: '

/** Plans the messages, in the order of the flights' dates; the same flights give the same plan. */
export function planFeed(flights: readonly Flight[]) {
  const messages: PlannedMessage[] = corruptStream(flights, { share: CORRUPT_SHARE, seed: SEED }).map(
    ({ flight, corruption }) => ({ key: flight.origin, value: Buffer.from(JSON.stringify(flight)), truth: corruption }),
  )
  const random = xoroshiro128plus(SEED + 1)
  const stretch = Math.floor(flights.length / BROKEN_MESSAGES)
  const places = Array.from(
    { length: BROKEN_MESSAGES },
    (_, index) => index * stretch + uniformInt(random, 0, stretch - 1),
  )
  const breaks = breakFlights(places.map((place) => flights[place]!))
  // From the end, so that the earlier places remain valid.
  for (let index = BROKEN_MESSAGES - 1; index >= 0; index -= 1) {
    const { key, value, fault } = breaks[index]!
    messages.splice(places[index]!, 0, { key, value, truth: `${BROKEN}${fault}` })
  }
  return {
    /** Sent as fast as the broker accepts them; the first model is fitted to these. */
    backlog: messages.slice(0, -STEADY_MESSAGES),
    /** Sent at a steady pace, to measure the time from produce to alert. */
    steady: messages.slice(-STEADY_MESSAGES),
  }
}
