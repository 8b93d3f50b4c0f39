import { type Feature, type SuppressionRule, suppressionRuleSchema } from '@outflow/contracts'
import { formatRule } from '@outflow/contracts/wording'
import { columnsOf } from '@outflow/records/fields'
import { addSuppression, listSuppressions, removeSuppression, type Suppression } from '@outflow/store/suppressions'
import { formatCount, oneLine, type Terminal } from '@outflow/terminal'
import { Option } from 'commander'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { requireKnown } from '../known-names.js'
import { ahead, bounds, byOption, type ChangeOptions, changeOf, rowId, whyOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'

export function define(suppress: OutflowCommand, { terminal }: CommandContext): void {
  suppress
    .description(
      'Manages rules that hide alerts until the rule expires, and count them. The anomalies are still stored: ' +
        'analyst.unsent_alerts lists the alerts that each rule hid. Changes take effect at once.',
    )
    .examples(
      "outflow suppress add --entity JFK --field delay --direction above --when 'mon 06:00-09:00' --zone Europe/Berlin \\",
      "  --until 2027-03-01 --why 'the Monday shuttle waits for its crew'",
      'outflow suppress list',
      'outflow suppress remove 3',
    )
  suppress
    .command('add')
    .description('Hides the alerts that match all given conditions.')
    .option('--entity <key>', "the alert's key")
    .option('--field <name>', 'the field of the main reason, the first one')
    .addOption(
      new Option('--direction <side>', "whether the field's number is above or below the expected one").choices([
        'above',
        'below',
      ]),
    )
    .option('--range <low..high>', "the range of the field's number, bounds included: 0..90, 90.. or ..90", bounds)
    .option('--when <spans>', "the event time, weekdays and hours: 'mon 06:00-09:00', 'sat,sun'")
    .option('--zone <zone>', 'time zone of --when (default: UTC)')
    .requiredOption('--until <time>', 'when it expires: ISO 8601, or 12h, 7d from now', ahead)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .pipelineOptions('the rule')
    .action((options: AddOptions) => addRule(options, terminal))
  suppress
    .command('list')
    .description('Lists the rules of a pipeline, newest first, and how many alerts each has hidden.')
    .option('--all', 'include expired and removed rules')
    .pipelineOptions('the list')
    .action(async (options: PipelineOptions & { readonly all?: true }) => {
      const { all = false } = options
      const rules = await withPipeline(options, (pool, { pipeline }) => listSuppressions(pool, { pipeline, all }))
      await printResult(terminal, options.json, rules, describeRules(rules, terminal))
    })
  suppress
    .command('remove')
    .argument('<id>', 'id of the rule', rowId)
    .description('Removes a rule before it expires; alerts that it hid stay hidden.')
    .addOption(byOption())
    .pipelineOptions('the id')
    .action(async (id: string, options: ChangeOptions) => {
      const { by } = changeOf(options)
      const wasActive = await withPipeline(options, (pool, { pipeline }) =>
        removeSuppression(pool, { pipeline, id, by }),
      )
      if (!wasActive) throw new UsageError(`no rule has the id ${id}; \`outflow suppress list\` lists them`)
      await printResult(terminal, options.json, { id }, `${id} is removed; alerts that it hid stay hidden`)
    })
}

/** A key may be from a record: its control characters, and so its colours, are shown as escapes. */
export function describeRules(rules: readonly Suppression[], terminal: Pick<Terminal, 'table'>): string {
  if (rules.length === 0) return 'no rules'
  return terminal.table({
    head: ['id', 'hides', 'until', 'hidden', 'why', 'by'],
    aligns: ['right', 'left', 'left', 'right', 'left', 'left'],
    rows: rules.map((rule) => {
      const { id, expiresAt, removedBy, hidden, why, createdBy } = rule
      const until = removedBy === null ? expiresAt.toISOString() : `removed by ${removedBy}`
      return [id, oneLine(formatRule(rule)), until, formatCount(hidden), oneLine(why), createdBy]
    }),
  })
}

export interface AddOptions extends ChangeOptions {
  readonly entity?: string
  readonly field?: string
  readonly direction?: 'above' | 'below'
  readonly range?: [number | null, number | null]
  readonly when?: string
  readonly zone?: string
  readonly until: Date
}

async function addRule(options: AddOptions, terminal: Terminal): Promise<void> {
  const rule = ruleOf(options)
  const id = await withPipeline(options, (pool, { pipeline, features }) => {
    requireMatchable(rule, features)
    return addSuppression(pool, { pipeline, rule, ...changeOf(options) })
  })
  const text = `${id}: hides alerts of ${oneLine(formatRule(rule))}, until ${rule.expiresAt.toISOString()}`
  await printResult(terminal, options.json, { id, ...rule }, text)
}

/** @throws {UsageError} with the option that is not valid */
export function ruleOf({ entity, field, direction, range, when, zone, until }: AddOptions): SuppressionRule {
  if (zone !== undefined && when === undefined)
    throw new UsageError('--zone: allowed: with --when, whose hours it is for')
  const parsed = suppressionRuleSchema.safeParse({
    entity,
    field,
    direction,
    range,
    timeOfWeek: when,
    zone,
    expiresAt: until.toISOString(),
  })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UsageError(`--${path[0] === 'timeOfWeek' ? 'when' : String(path[0])}: ${message}`)
}

/** @throws {UsageError} when no reason can have the rule's field, or its field is no number and the rule compares numbers */
export function requireMatchable({ field, direction, range }: SuppressionRule, features: readonly Feature[]): void {
  if (field === null) return
  const columns = columnsOf(features)
  requireKnown(
    'field',
    field,
    columns.map(({ name }) => name),
  )
  if (direction === null && range === null) return
  const { type } = columns.find(({ name }) => name === field)!.feature
  if (type === 'numeric' || type === 'window') return
  throw new UsageError(
    `--${range === null ? 'direction' : 'range'}: allowed: with a field of numbers; ${field} is ${type}`,
  )
}
