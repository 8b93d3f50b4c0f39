import { makeTerminal } from '@outflow/terminal'
import type { Command } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeProgram } from './program.js'

/** The command line, and its output on either stream. */
function aProgram() {
  const output: string[] = []
  const stream = { write: (text: string) => output.push(text) > 0 } as unknown as NodeJS.Process['stdout'] &
    NodeJS.Process['stderr']
  const print = vi.spyOn(console, 'log').mockImplementation((line) => void output.push(`${line}\n`))
  const terminal = makeTerminal({ stdout: stream, stderr: stream, env: {} })
  const run = async (...args: string[]) => {
    output.length = 0
    const program = await makeProgram({ terminal, exitCode: 0 }, args)
    await program.parseAsync(['node', 'outflow', ...args]).catch(() => {})
    print.mockClear()
    return output.join('')
  }
  return { program: makeProgram({ terminal, exitCode: 0 }, null), run }
}

afterEach(() => vi.restoreAllMocks())

/** Commands with an action, i.e. without subcommands. */
const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`

/** The output of `--help`, with the additional text. */
function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  return help
}

const OWN_NAME = new Set(['outflow complete', 'outflow help'])

describe('every command', () => {
  it('shows examples in its help, or in that of its group', async () => {
    const shown = leaves(await aProgram().program).filter((command) => !OWN_NAME.has(pathOf(command)))
    const hasExamples = (command: Command | null) => command !== null && /^Examples?:$/m.test(helpOf(command))
    const without = shown.filter((command) => !hasExamples(command) && !hasExamples(command.parent))
    expect(without.map(pathOf)).toEqual([])
    // Every module is loaded.
  }, 120_000)
})

describe('a misspelt word', () => {
  it.each([
    [['modls'], "outflow: unknown command 'modls' (Did you mean models?)"],
    [['modls', '--help'], "outflow: unknown command 'modls' (Did you mean models?)"],
    [['help', 'modls'], "outflow: unknown command 'modls' (Did you mean models?)"],
    [['models', 'lits', '--help'], "outflow: unknown command 'lits' (Did you mean list?)"],
    [['models', 'lits'], "outflow: unknown command 'lits' (Did you mean list?)"],
    [['models', 'list', '--confg'], "outflow: unknown option '--confg' (Did you mean --config?)"],
    [['score', '--modle', 'a.model', '--input', 'a.csv'], "outflow: unknown option '--modle' (Did you mean --model?)"],
    [['score', '--modle=a.model'], "outflow: unknown option '--modle' (Did you mean --model?)"],
    [['models', '--confg', 'a.yaml', 'list'], "outflow: unknown option '--confg' (Did you mean --config?)"],
    [['init', 'a.csv'], "outflow: unexpected argument 'a.csv'; name the file with --input"],
    [['models', 'list', 'a'], "outflow: unexpected argument 'a'"],
    [
      ['models', '--config', 'a.yaml', 'list'],
      "outflow: unknown option '--config'; it goes after the command: models list --config",
    ],
    [
      ['run', 'ingets'],
      "outflow: unknown service 'ingets'. Allowed choices are ingest, trainer, alerts, console, all. (Did you mean ingest?)",
    ],
    [
      ['completion', 'fishh'],
      "outflow: unknown shell 'fishh'. Allowed choices are zsh, bash, fish, powershell. (Did you mean fish?)",
    ],
    [
      ['export', '--output', 'a', '--format', 'parket'],
      "outflow: option '-f, --format <format>' argument 'parket' is invalid. Allowed choices are parquet, csv. (Did you mean parquet?)",
    ],
  ])('in %j is reported with a suggestion', async (args, reported) => {
    expect((await aProgram().run(...args)).trim()).toBe(reported)
  })

  it('is reported, and an option of the subcommand after its name is not', async () => {
    const reported = await aProgram().run('models', 'list', '--config', 'a.yaml', '--jsno')
    expect(reported.trim()).toBe("outflow: unknown option '--jsno' (Did you mean --json?)")
  })

  it('that resembles no known word is reported without a suggestion, and --help takes precedence', async () => {
    const { run } = aProgram()
    expect((await run('score', '--xyzzy')).trim()).toBe("outflow: unknown option '--xyzzy'")
    expect(await run('score', '--modle', '--help')).not.toContain('unknown option')
  })
})

describe('an option that takes one value', () => {
  it.each([
    [['train', '--input', 'a', '--input', 'b', '-o', 'm'], '--input <file>'],
    [['score', '--input', 'a', '--output=b', '-o', 'c'], '-o, --output <file>'],
    [['models', 'list', '-c', 'a.yaml', '--config', 'a.yaml'], '-c, --config <file>'],
  ])('is refused the second time: %j', async (args, flags) => {
    expect((await aProgram().run(...args)).trim()).toBe(`outflow: option '${flags}' is given twice; it takes one value`)
  })

  it('differs from one that collects its values', async () => {
    const { run } = aProgram()
    expect(await run('train', '--exclude', 'a', '--exclude', 'b')).toContain("required option '--input <file>'")
    expect(await run('run', 'nothing', '-c', 'a.yaml', '-c', 'b.yaml')).toContain("unknown service 'nothing'")
  })
})

describe('completion', () => {
  it('completes commands, subcommands, options and choices', async () => {
    const { run } = aProgram()
    expect(await run('complete', '--', 'mod')).toMatch(/^models\t.*\n:4\n$/)
    expect(await run('complete', '--', 'models', 'pro')).toMatch(/^promote\t.*\n:4\n$/)
    expect(await run('complete', '--', 'export', '--for')).toMatch(/^--format\t.*\n:4\n$/)
    expect(await run('complete', '--', 'export', '--format', '')).toBe('parquet\t\ncsv\t\n:4\n')
  })

  it('leaves file names to the shell', async () => {
    expect(await aProgram().run('complete', '--', 'train', '--input', 'fli')).toBe(':0\n')
  })

  it('lets bash complete file names (it completed none)', async () => {
    expect(await aProgram().run('completion', 'bash')).toMatch(/complete -o default -F __outflow_complete outflow\n$/)
  })

  it.each(['bash', 'zsh', 'fish', 'powershell'])(
    'prints a script for %s, which is in its examples',
    async (shell) => {
      const { program, run } = aProgram()
      expect(await run('completion', shell)).toContain('outflow')
      const completion = (await program).commands.find((command) => command.name() === 'completion')!
      expect(helpOf(completion)).toContain(`outflow completion ${shell} `)
      // Every module is loaded.
    },
    120_000,
  )
})

it('explain --anomaly refuses the options of a file instead of ignoring them', async () => {
  const { run } = aProgram()
  for (const option of ['--alert-rate=0.1', '--only-anomalies', '--model=m', '--input=a.csv'])
    expect(await run('explain', '--anomaly', 'p/t/0/1', option)).toMatch(
      /^outflow: option '--anomaly <id>' cannot be used with option /,
    )
})
