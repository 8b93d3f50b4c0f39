import { didYouMean } from '@outflow/contracts'
import { Command, type ErrorOptions, type HelpContext, type Option, type ParseOptionsResult } from 'commander'
import { collect, configOption, jsonOption } from './options.js'

/**
 * A command with the options and help that outflow's commands share. It suggests the likely word for a misspelt one: commander reports
 * a missing required option before a misspelt one, and suggests nothing for values.
 */
export class OutflowCommand extends Command {
  override createCommand(name?: string): OutflowCommand {
    return new OutflowCommand(name)
  }

  /** Adds the options of {@link PipelineOptions}. @param json  what --json prints */
  pipelineOptions(json: string): this {
    return this.addOption(configOption()).addOption(jsonOption(json))
  }

  /** Prints examples below the help, and those of a group also below the help of each of its commands. */
  examples(...commandLines: readonly string[]): this {
    return this.addHelpText('afterAll', `\nExamples:\n  ${commandLines.join('\n  ')}`)
  }

  /** Adds an option. One that takes a value is refused the second time, unless it collects its values: commander would keep only the last. */
  override addOption(option: Option): this {
    let isGiven = false
    this.on(`option:${option.name()}`, () => {
      if (isGiven && !option.isBoolean() && option.parseArg !== collect)
        this.error(`error: option '${option.flags}' is given twice; it takes one value`)
      isGiven = true
    })
    return super.addOption(option)
  }

  override parseOptions(argv: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(argv)
    const unknown = parsed.unknown.find((word) => OPTION.test(word))
    const isHelpRequested = parsed.unknown.some((word) => HELP.has(word))
    // A command with subcommands also receives their options.
    if (unknown !== undefined && !isHelpRequested && this.commands.length === 0) this.#refuse(unknown)
    return parsed
  }

  /** Prints the help. A word that is no command is refused: commander would print the help of its group, and report success. */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const [word] = this.args.filter((own) => own !== 'help')
    const names = this.commands.map((command) => command.name())
    if (names.length > 0 && word !== undefined && !OPTION.test(word) && !names.includes(word))
      super.error(`error: unknown command '${word}'${suggestion(didYouMean(word, names))}`)
    super.outputHelp(context as HelpContext)
  }

  override error(message: string, options?: ErrorOptions): never {
    const [, option] = UNKNOWN_OPTION.exec(message) ?? []
    if (option !== undefined) return this.#refuse(option)
    if (options?.code === 'commander.excessArguments') return this.#refuseArgument(options)
    const [, found, allowed] = REFUSED_CHOICE.exec(message) ?? []
    const suggested = found && allowed ? didYouMean(found, allowed.split(', ')) : undefined
    return super.error(message.replace(REFUSED_ARGUMENT, "error: unknown $2 '$1'. ") + suggestion(suggested), options)
  }

  #refuse(option: string): never {
    const name = option.replace(/=.*/s, '')
    const inner = this.commands.find(({ options }) => options.some(({ long }) => long === name))
    const hint =
      inner === undefined
        ? suggestion(didYouMean(name, [this, ...this.commands].flatMap(longsOf)))
        : `; it goes after the command: ${this.name()} ${inner.name()} ${name}`
    return super.error(`error: unknown option '${name}'${hint}`)
  }

  #refuseArgument(options: ErrorOptions): never {
    const argument = this.args[this.registeredArguments.length]
    const hint = longsOf(this).includes('--input') ? '; name the file with --input' : ''
    return super.error(`error: unexpected argument '${argument}'${hint}`, options)
  }
}

/** A word that is an option: neither a negative number nor `-`, which is stdin or stdout. */
const OPTION = /^-(?![\d.]|$)/
const HELP: ReadonlySet<string> = new Set(['-h', '--help'])
const UNKNOWN_OPTION = /^error: unknown option '([^']+)'/
const REFUSED_ARGUMENT = /^error: command-argument value '(.*)' is invalid for argument '([^']+)'\. /s
/** commander reports the accepted values only in its message. */
const REFUSED_CHOICE = /(?:argument|value) '([^']*)' is invalid.* Allowed choices are (.+)\.$/

const longsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  '--help',
]

const suggestion = (suggested: string | undefined): string =>
  suggested === undefined ? '' : ` (Did you mean ${suggested}?)`
