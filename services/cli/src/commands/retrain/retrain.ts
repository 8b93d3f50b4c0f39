import { waitFor } from '@outflow/runtime'
import { fitOfRequest, listFits, requestRetrain, type StoredFit } from '@outflow/store/training'
import type { Terminal } from '@outflow/terminal'
import { type ChangeOptions, changeOf } from '../../options.js'
import { withPipeline } from '../../store-access.js'

export interface RetrainOptions extends ChangeOptions {
  readonly wait?: true
}

const LOOK_EVERY_MS = 500

/**
 * Requests a new model from the trainer now, independent of the schedule.
 *
 * @returns whether the awaited fit gave a model that scores; true where no fit was awaited
 */
export async function retrain(options: RetrainOptions, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  return withPipeline(options, async (pool, { pipeline }) => {
    const request = await requestRetrain(pool, { pipeline, ...changeOf(options) })
    if (!options.wait) {
      await terminal.result(
        options.json
          ? `${JSON.stringify({ request })}\n`
          : `request ${request} is queued; a running trainer starts at once. \`outflow models list\` shows the outcome\n`,
      )
      return true
    }
    terminal.say('waiting for the trainer')
    let shownStep = 0
    const endedFit = async (): Promise<StoredFit | null> => {
      const id = await fitOfRequest(pool, request)
      const fit = (await listFits(pool, { pipeline })).find((own) => own.id === id)
      if (fit === undefined || fit.endedAt !== null) return fit ?? null
      if (fit.step > shownStep) terminal.say(`fit: ${fit.step} of ${fit.maxSteps} steps`)
      shownStep = fit.step
      return null
    }
    const fit = await waitFor(endedFit, { everyMs: LOOK_EVERY_MS, signal })
    const { line, gaveModel } = outcomeOf(fit)
    if (options.json) await terminal.result(`${JSON.stringify(fit)}\n`)
    if (gaveModel && !options.json) await terminal.result(`${line}\n`)
    if (!gaveModel) terminal.say(line)
    return gaveModel
  })
}

/**
 * Returns what a fit came to, in one line, and whether it gave a model that scores: one that was promoted, runs as a shadow, or
 * is the active model again.
 */
export function outcomeOf({ state, modelId, incumbentId, report }: StoredFit): {
  readonly line: string
  readonly gaveModel: boolean
} {
  const { gate, error } = report
  if (gate === null) return { line: `${state}: ${error?.message ?? 'it gave no model'}`, gaveModel: false }
  const passed = gate.failures.length === 0
  const isKnownBad = state === 'known' && modelId !== incumbentId
  const reasons = [
    ...(passed ? [] : [`; ${gate.failures.join('; ')}`]),
    ...(isKnownBad
      ? ['; it failed its gate or was rolled back before: `outflow models promote` makes it the active model']
      : []),
  ].join('')
  return {
    line: `${modelId}: ${state}, ${gate.gain.mean?.toFixed(3) ?? 'unknown'} nats a record over ${gate.against}${reasons}`,
    gaveModel: passed && state !== 'failed_gate' && !isKnownBad,
  }
}
