import { z } from 'zod'

/** An IANA name, such as Europe/Berlin or UTC. */
export const timeZone = z.string().refine(isTimeZone, 'the name of a time zone, such as Europe/Berlin or UTC')

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
