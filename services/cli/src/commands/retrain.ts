import { waitFor } from '@outflow/runtime'
import {
  fitById,
  fitOfRequest,
  noTrainerAndFix,
  requestRetrain,
  type StoredFit,
  trainerStatus,
} from '@outflow/store/training'
import type { Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { byOption, type ChangeOptions, changeOf, whyOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { whenAvailable, withPipeline } from '../store-access.js'

export function define(command: OutflowCommand, context: CommandContext): void {
  command
    .description(
      'Requests a new model from the trainer of a pipeline, independent of the schedule. It must pass the gate as any ' +
        'other. The request waits while the training window has too few records.',
    )
    .option(
      '--wait',
      'wait until the fit has ended, and print its outcome; exit code 1 if it gave no model or the model failed its gate',
    )
    .addOption(whyOption())
    .addOption(byOption())
    .pipelineOptions('the request (with --wait: the fit)')
    .examples("outflow retrain --wait --why 'new firmware since Monday'")
    .action((options: RetrainOptions) =>
      interruptible(async (signal) => {
        if (!(await retrain(options, context.terminal, signal))) context.exitCode = 1
      }),
    )
}

interface RetrainOptions extends ChangeOptions {
  readonly wait?: true
}

const POLL_INTERVAL_MS = 500

/** @returns whether the awaited fit gave a model that scores; true where no fit was awaited */
async function retrain(options: RetrainOptions, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  return withPipeline(options, async (pool, { pipeline }) => {
    const request = await requestRetrain(pool, { pipeline, ...changeOf(options) })
    if (!options.wait) {
      const text = `request ${request} is queued; a running trainer starts at once. \`outflow models list\` shows the new model, \`outflow status\` why there is none`
      await printResult(terminal, options.json, { request }, text)
      return true
    }
    const noTrainer = noTrainerAndFix(await trainerStatus(pool, pipeline))
    const why = noTrainer === null ? '' : `: ${noTrainer}`
    terminal.say(`request ${request} is queued, and is kept after Ctrl-C; waiting for the trainer${why}`)
    let id: string | null = null
    let shownStep = 0
    const endedFit = async (): Promise<StoredFit | null> => {
      // The end of a failed fit makes its request pending again.
      id = (await fitOfRequest(pool, request)) ?? id
      const fit = id === null ? null : await fitById(pool, id)
      if (fit === null || fit.state === 'abandoned') return null
      if (fit.endedAt !== null) return fit
      if (fit.step > shownStep) terminal.say(`fit: ${fit.step} of ${fit.maxSteps} steps`)
      shownStep = fit.step
      return null
    }
    const poll = () => whenAvailable(endedFit, signal, terminal.say)
    const fit = await waitFor(poll, { everyMs: POLL_INTERVAL_MS, signal })
    const { line, gaveModel } = outcomeOf(fit)
    if (options.json || gaveModel) await printResult(terminal, options.json, fit, line)
    if (!gaveModel) terminal.say(line)
    return gaveModel
  })
}

/**
 * Returns the outcome of a fit, in one line, and whether it gave a model that scores: one that was promoted, runs as a shadow, or
 * is the active model again.
 */
export function outcomeOf({ state, modelId, incumbentId, report: { gate, error } }: StoredFit) {
  if (gate === null) return { line: `${state}: ${error?.message ?? 'it gave no model'}`, gaveModel: false }
  const isActive = state === 'known' && modelId === incumbentId
  const parts = [
    `${modelId}: ${state}, ${gate.gain.mean?.toFixed(3) ?? 'unknown'} nats a record over ${gate.against}`,
    ...gate.failures,
  ]
  if (isActive) parts.push('the same records gave the active model again; nothing changes')
  else if (state === 'known')
    parts.push('it failed its gate or was rolled back before: `outflow models promote` makes it the active model')
  const isScoring = isActive || state === 'promoted' || state === 'shadow'
  return { line: parts.join('; '), gaveModel: isScoring && gate.failures.length === 0 }
}
