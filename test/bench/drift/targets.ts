import type { TallyReport } from './tally.js'

export interface Passed extends TallyReport, Partial<Adaptation> {
  readonly stretch: string
  readonly hours: number
  readonly alarms: readonly { readonly atMinute: number; readonly chart: string }[]
  /** Number of promoted models. */
  readonly models: number
  readonly minutesToModel: number | null
  readonly falseAlarms: number
}

/** Recall of the stream's own model for planted anomalies, at a stretch's end. */
export interface Adaptation {
  /** At the threshold that the budget of new records of the regime exceeds, relative to a model fitted only to the regime. */
  readonly recallRatio: number
  /** By the model and its recalibrated p-values, before the attack and half an hour after it. */
  readonly attackFoundBefore: number
  readonly attackFoundLater: number
}

export function checkTargets(stretches: readonly Passed[], budget: number) {
  const of = (name: string) => stretches.find(({ stretch }) => stretch === name)!
  const near = (share: number) => Math.abs(share / budget - 1) <= 0.25
  const checked = stretches.filter(({ stretch }) => stretch !== 'first hour' && stretch !== 'attack')
  const attack = of('attack')
  const backInside = of('level shift').backInsideMinutes
  const alarm = of('stuck sensor').alarms[0]
  return [
    ...checked.map(({ stretch, settledShare, anomalyShare }) => {
      // The flood of a jump before its detection is measured by the minutes until it is over.
      const value = stretch === 'level shift' ? settledShare : anomalyShare
      return { target: `flagged share within a quarter of the budget: ${stretch}`, value, met: near(value) }
    }),
    {
      target: 'minutes after the level shift until the share is back inside, at most 5',
      value: backInside,
      met: backInside !== null && backInside <= 5,
    },
    ...stretches
      .filter(({ recallRatio }) => recallRatio !== undefined)
      .map(({ stretch, recallRatio }) => ({
        target: `recall of a model of the new regime only, at least .95: ${stretch}`,
        value: recallRatio!,
        met: recallRatio! >= 0.95,
      })),
    {
      target: 'attack found while it continues, relative to before: at least .95',
      value: attack.plantedFound / attack.attackFoundBefore!,
      met: attack.plantedFound >= 0.95 * attack.attackFoundBefore!,
    },
    {
      target: 'the same attack found half an hour later, relative to before: at least .95',
      value: of('after the attack').attackFoundLater! / attack.attackFoundBefore!,
      met: of('after the attack').attackFoundLater! >= 0.95 * attack.attackFoundBefore!,
    },
    {
      target: 'stuck sensor reported as too normal',
      value: alarm?.chart ?? null,
      met: alarm?.chart === 'too normal' || alarm?.chart === 'less spread',
    },
    {
      target: 'false drift alarms, none',
      value: stretches.reduce((sum, own) => sum + own.falseAlarms, 0),
      met: stretches.every((own) => own.falseAlarms === 0),
    },
  ]
}
