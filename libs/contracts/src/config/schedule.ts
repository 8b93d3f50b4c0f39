import { Cron } from 'croner'
import type { Config } from './config.js'

/** Epoch ms of the first scheduled time after a fit; cron in UTC. */
export function scheduledAfter(fitMs: number, { every, cron }: Pick<Config['training'], 'every' | 'cron'>): number {
  if (cron === undefined) return fitMs + every
  return new Cron(cron, { timezone: 'UTC' }).nextRun(new Date(fitMs))?.getTime() ?? Number.POSITIVE_INFINITY
}
