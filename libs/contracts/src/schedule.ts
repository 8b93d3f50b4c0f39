import { Cron } from 'croner'
import type { Config } from './config.js'

/** Epoch ms of the first time after a fit that the schedule names; cron in UTC. */
export function scheduledAfter(fitMs: number, { every, cron }: Pick<Config['training'], 'every' | 'cron'>): number {
  if (cron === undefined) return fitMs + every
  return new Cron(cron, { timezone: 'UTC' }).nextRun(new Date(fitMs))?.getTime() ?? Number.POSITIVE_INFINITY
}
