import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { basename, isAbsolute } from 'node:path'
import { makeTerminal } from '@outflow/terminal'

/** A row of a table; all rows of a table have the same keys. */
export type Line = Readonly<Record<string, string | number | null>>

/** Content of a file of `results`. */
export interface BenchReport {
  /** Without `--json`, and with the last part of each path. */
  readonly command: string
  readonly commit: string
  /** Day of the run, UTC. */
  readonly date: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly node: string
    /** Load average of the last minute, before and after. */
    readonly load: readonly [before: number, after: number]
    /** The broker and the database, of a bench that uses them. */
    readonly servers?: string
  }
  /** By title. */
  readonly tables: Readonly<Record<string, readonly Line[]>>
}

/**
 * Prints each table of a bench when it is complete, and writes all of them to `file`, if one is given.
 *
 * @param servers  description of the broker and the database
 */
export function makeReport(file: string | undefined, servers?: string) {
  const tables: Record<string, readonly Line[]> = {}
  const loadBefore = loadNow()
  return {
    table: (title: string, lines: readonly Line[]) => {
      tables[title] = lines
      console.log(`\n${title}\n${drawn(lines)}`)
      if (file !== undefined) writeFileSync(file, formatted(file, reported(tables, loadBefore, servers)))
    },
  }
}

function reported(tables: BenchReport['tables'], loadBefore: number, servers: string | undefined): BenchReport {
  return {
    command: commandOf(process.env.npm_lifecycle_event ?? basename(process.argv[1]!), process.argv.slice(2)),
    commit: execFileSync('git', ['rev-parse', '--short=8', 'HEAD'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      node: process.version,
      load: [loadBefore, loadNow()],
      ...(servers !== undefined && { servers }),
    },
    tables,
  }
}

/** The command that a reader of the report types to repeat the run. */
export function commandOf(script: string, args: readonly string[]): string {
  const kept = args.filter((arg, at) => arg !== '--json' && args[at - 1] !== '--json')
  return ['npm run', script, ...(kept.length > 0 ? ['--'] : []), ...kept.map(withoutFolder)].join(' ')
}

const withoutFolder = (arg: string) => (isAbsolute(arg) ? basename(arg) : arg)

const loadNow = () => Number(loadavg()[0]!.toFixed(1))

/** As the formatter of the repository writes it. */
function formatted(file: string, report: BenchReport): string {
  const input = JSON.stringify(report, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value))
  return execFileSync('npx', ['biome', 'format', `--stdin-file-path=${basename(file)}`], { input, encoding: 'utf8' })
}

/** Draws rows as an aligned table, numbers to the right. */
function drawn(lines: readonly Line[]): string {
  const keys = Object.keys(lines[0] ?? {})
  return makeTerminal(process).table({
    head: keys,
    rows: lines.map((line) => keys.map((key) => cellOf(line[key] ?? null))),
    aligns: keys.map((key) => (lines.some((line) => typeof line[key] === 'number') ? 'right' : 'left')),
  })
}

/** A value with three significant digits, or all of a larger number. */
export function cellOf(value: string | number | null): string {
  if (value === null || typeof value === 'string') return value ?? ''
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1)
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}
