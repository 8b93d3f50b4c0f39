import { oneLine, type Terminal } from '@outflow/terminal'
import { type CommandContext, printJson } from '../command-context.js'
import { makeKafkaForReport } from '../kafka-access.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'
import { type Finding, runChecks } from './doctor/check.js'
import { checksOf } from './doctor/checks.js'

export function define(command: OutflowCommand, context: CommandContext): void {
  const { terminal } = context
  command
    .description(
      'Checks broker, topics, permissions, the latest records against the configuration, database, migrations, model, training backend and scoring ' +
        'engine. Prints one line per check, and how to fix those that fail. Exits with 1 if any fails; a missing first model is a warning. ' +
        'Of the latest records it reads up to 10,000, for at most 8 s; the check fails if more than 1 % would be dead letters, or none has an ' +
        'optional field.',
    )
    .pipelineOptions('the findings')
    .examples('outflow doctor --config outflow.yaml')
    .action((options: PipelineOptions) =>
      withPipeline(options, async (pool, config) => {
        const findings: Finding[] = []
        const kafka = makeKafkaForReport(config)
        for (const found of runChecks(checksOf({ config, configPath: options.config, kafka, pool }))) {
          const finding = await found
          findings.push(finding)
          if (!options.json) await terminal.result(lineOf(finding, terminal))
        }
        const ok = findings.every((finding) => finding.ok)
        if (options.json) await printJson(terminal, { ok, pipeline: config.pipeline, findings })
        if (!ok) context.exitCode = 1
      }),
    )
}

export function lineOf(
  { name, ok, detail, fix }: Finding,
  { paintResult: paint }: Pick<Terminal, 'paintResult'>,
): string {
  const sign = !ok ? paint.red('✗') : fix === null ? paint.green('✓') : paint.yellow('!')
  return `${sign} ${name.padEnd(10)} ${oneLine(detail)}${fix === null ? '' : `; ${paint.bold(`fix: ${fix}`)}`}\n`
}
