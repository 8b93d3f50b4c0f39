import { Argument, type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { collect } from '../../options.js'
import type { ServiceName } from './run-services.js'

const SERVICE_NAMES: readonly ServiceName[] = ['ingest', 'trainer', 'alerts', 'console', 'all']

interface RunOptions {
  readonly config?: readonly string[]
}

export function addRun(program: Command, context: CommandContext): void {
  program
    .command('run')
    .summary('run a service, or all of them')
    .description(
      'Runs a service until SIGTERM or Ctrl-C, then drains within 10 s. /healthz, /readyz and /metrics are served on the ' +
        'port of http.ports. The log is JSON lines in production and in a pipe, and readable lines on a terminal.',
    )
    .addArgument(new Argument('<name>', 'the service').choices(SERVICE_NAMES))
    .addOption(
      new Option(
        '-c, --config <file>',
        'the configuration, default: outflow.yaml; repeat it to run several pipelines in one process',
      ).argParser(collect),
    )
    .addHelpText(
      'after',
      `
Examples:
  outflow run all --config outflow.yaml
  outflow run ingest --config flights.yaml --config parcels.yaml
  outflow run ingest --config outflow.yaml | jq 'select(.level == "warn")'`,
    )
    .action(async (name: ServiceName, options: RunOptions) => {
      context.exitCode = await (await import('./run-services.js')).runNamed(name, options.config ?? ['outflow.yaml'])
    })
}
