import { isHiddenBy } from '@outflow/alerting'
import { type Config, didYouMean, featureName, type SuppressionRule, suppressionRuleSchema } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { eachDetected } from '@outflow/store/anomalies'
import { addSuppression, listSuppressions, removeSuppression } from '@outflow/store/suppressions'
import { formatCount, type Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { type ChangeOptions, changeOf } from '../../options.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'
import { alertOfAnomaly } from '../preview/tally.js'
import { describeRule } from './describe-rule.js'

export interface AddOptions extends ChangeOptions {
  readonly entity?: string
  readonly field?: string
  readonly direction?: 'above' | 'below'
  readonly range?: [number | null, number | null]
  readonly when?: string
  readonly zone: string
  readonly until: Date
}

export interface ListOptions extends PipelineOptions {
  readonly all?: true
}

const LOOK_BACK_DAYS = 7
const AT_ONCE = 1_000

/** Adds a rule, and prints how many recent alerts it would have hidden. */
export async function addRule(options: AddOptions, terminal: Terminal): Promise<void> {
  const rule = ruleOf(options)
  const { id, lately } = await withPipeline(options, async (pool, config) => {
    requireField(rule, config)
    const found = await latelyHidden(pool, config.pipeline, rule)
    return { id: await addSuppression(pool, { pipeline: config.pipeline, rule, ...changeOf(options) }), lately: found }
  })
  if (options.json) return terminal.result(`${JSON.stringify({ id, ...rule, lately })}\n`)
  await terminal.result(
    `${id}: hides ${describeRule(rule)}, until ${rule.expiresAt.toISOString()}\n` +
      `of the last ${LOOK_BACK_DAYS} days' ${formatCount(lately.anomalies)} anomalies it matches ${formatCount(lately.fits)}\n`,
  )
}

/** @throws {UsageError} which names the option that is wrong */
function ruleOf({ entity, field, direction, range, when, zone, until }: AddOptions): SuppressionRule {
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

function requireField({ field }: SuppressionRule, { features }: Config): void {
  const names = features.map(featureName)
  if (field === null || names.includes(field)) return
  const meant = didYouMean(field, names)
  throw new UsageError(
    `no feature is called ${field}; ${meant ? `did you mean ${meant}?` : `known: ${names.join(', ')}`}`,
  )
}

async function latelyHidden(pool: Pool, pipeline: string, rule: SuppressionRule) {
  const hides = isHiddenBy(rule)
  const to = new Date()
  const from = new Date(to.getTime() - LOOK_BACK_DAYS * 86_400_000)
  let fits = 0
  const anomalies = await eachDetected(pool, { pipeline, from, to }, AT_ONCE, async (found) => {
    fits += found.filter((anomaly) => hides(alertOfAnomaly(pipeline, anomaly))).length
  })
  return { anomalies, fits }
}

/** Prints the rules that hide alerts. */
export async function listRules(options: ListOptions, terminal: Terminal): Promise<void> {
  const { all = false } = options
  const rules = await withPipeline(options, (pool, { pipeline }) => listSuppressions(pool, { pipeline, all }))
  if (options.json) return terminal.result(`${JSON.stringify(rules)}\n`)
  if (rules.length === 0) return terminal.result('no rules\n')
  const table = terminal.table({
    head: ['id', 'hides', 'until', 'hidden', 'why', 'by'],
    aligns: ['right', 'left', 'left', 'right', 'left', 'left'],
    rows: rules.map((rule) => {
      const { id, expiresAt, removedBy, hidden, why, createdBy } = rule
      const until = removedBy === null ? expiresAt.toISOString() : `removed by ${removedBy}`
      return [id, describeRule(rule), until, formatCount(hidden), why, createdBy]
    }),
  })
  await terminal.result(`${table}\n`)
}

/** Takes a rule away. @throws {UsageError} when none of that id hides alerts */
export async function removeRule(id: string, options: ChangeOptions, terminal: Terminal): Promise<void> {
  if (!/^\d{1,18}$/.test(id)) throw new UsageError(`a rule's id is a number, got ${id}`)
  const { by } = changeOf(options)
  const wasThere = await withPipeline(options, (pool, { pipeline }) => removeSuppression(pool, { pipeline, id, by }))
  if (!wasThere) throw new UsageError(`no rule has the id ${id}; \`outflow suppress list\` lists them`)
  await terminal.result(options.json ? `${JSON.stringify({ id })}\n` : `${id}: its alerts are sent again\n`)
}
