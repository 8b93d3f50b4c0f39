import type { Installation } from '../installation/installation.js'
import { feed } from './feed.js'
import { loadFlights } from './flights.js'
import { liveFlights } from './live-flights.js'

const PER_SECOND = 20
const INCIDENT = { after: 60 * PER_SECOND, flights: 40, origin: 'ATL', corruption: 'distance_km' } as const

/**
 * Streams flights at a steady pace, with an incident after a minute, until the user's signal aborts.
 *
 * @throws the error of the first service that failed
 */
export async function streamFlights(installation: Installation, userSignal: AbortSignal): Promise<void> {
  const { terminal, producer, config, signal, reportErrorsTo } = installation
  terminal.say(
    `Streaming ${PER_SECOND} flights a second. In a minute ${INCIDENT.flights} flights from ${INCIDENT.origin} will have ` +
      'their distance in kilometres instead of miles.',
  )
  // Such as a new model that failed its gate: the services run on, and so does the demo.
  reportErrorsTo(({ message }) => terminal.say(message))
  const onSent = (sent: number) => {
    if (sent === INCIDENT.after) terminal.say(`Incident: distances from ${INCIDENT.origin} are in kilometres`)
    if (sent === INCIDENT.after + INCIDENT.flights) terminal.say('Incident: over')
  }
  try {
    const messages = liveFlights(loadFlights(), INCIDENT)
    await feed(messages, { producer, topic: config.source.topics[0]!, perSecond: PER_SECOND, signal, onSent })
  } catch (error: unknown) {
    if (!userSignal.aborted) throw error
  }
}
