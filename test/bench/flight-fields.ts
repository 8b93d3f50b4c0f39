import { makeReader } from '@outflow/records'
import type { Flight } from '../../services/demo/src/flights/flights.js'
import { sound } from '../support/sound.js'

export const FLIGHT_FEATURES = [
  { path: '$.delay', type: 'numeric', optional: false },
  { path: '$.distance', type: 'numeric', scale: 'log', optional: false },
  { path: '$.date', type: 'cyclic', period: 'day', optional: false },
  { path: '$.origin', type: 'categorical', optional: false },
  { path: '$.destination', type: 'categorical', optional: false },
] as const

const read = makeReader(FLIGHT_FEATURES)

export const fieldsOf = (flight: Flight) => sound(read(flight))
