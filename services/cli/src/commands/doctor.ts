import { makeKafka } from '@outflow/streams'
import type { Terminal } from '@outflow/terminal'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.js'
import { configOption, jsonOption } from '../options.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'
import { type Finding, runCheck } from './doctor/check.js'
import { checksOf } from './doctor/checks.js'

export function define(command: Command, context: CommandContext): void {
  command
    .description(
      'Checks broker, topics, the latest records against the configuration, database, migrations, model, training backend and scoring ' +
        'engine: a line each, with the fix for what fails. Exits with 1 when anything fails.',
    )
    .addOption(configOption())
    .addOption(jsonOption('the findings'))
    .addHelpText('after', '\nExample:\n  outflow doctor --config outflow.yaml')
    .action(async (options: PipelineOptions) => {
      const ok = await doctor(options, context.terminal)
      if (!ok) context.exitCode = 1
    })
}

/** Prints what every check found. @returns whether all is well */
async function doctor(options: PipelineOptions, terminal: Terminal): Promise<boolean> {
  return withPipeline(options, async (pool, config) => {
    const findings: Finding[] = []
    for (const check of checksOf({ config, configPath: options.config, kafka: makeKafka(config.kafka), pool })) {
      const finding = await runCheck(check)
      findings.push(finding)
      if (!options.json) await terminal.result(lineOf(finding, terminal))
    }
    const ok = findings.every((finding) => finding.ok)
    if (options.json) await terminal.result(`${JSON.stringify({ ok, pipeline: config.pipeline, findings })}\n`)
    return ok
  })
}

function lineOf({ name, ok, detail, fix }: Finding, { paintResult: paint }: Terminal): string {
  const sign = ok ? paint.green('✓') : paint.red('✗')
  return `${sign} ${name.padEnd(10)} ${detail}${fix === null ? '' : `; ${paint.bold(`fix: ${fix}`)}`}\n`
}
