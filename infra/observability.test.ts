import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { metrics } from './reference-metrics.js'

const infra = fileURLToPath(new URL('./', import.meta.url))

const labelsOf = new Map<string, readonly string[]>(
  metrics().flatMap(({ name, type, labels }): [string, string[]][] => {
    const own = ['pipeline', 'instance', ...labels]
    if (type !== 'histogram') return [[name, own]]
    return ['sum', 'count', 'bucket'].map((part) => [`${name}_${part}`, [...own, 'le']])
  }),
)

const rules = (parse(read('prometheus/alerts.yaml')) as RuleFile).groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(read('grafana/outflow.json')) as Dashboard
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr }) => (expr === undefined ? [] : [[title, expr] as const])),
  ),
  ...dashboard.templating.list.map(({ name, definition = '' }) => [`the variable ${name}`, definition] as const),
]

test.each(expressions)('%s uses only metrics and labels that exist', (_, expr) => {
  const names = [...expr.matchAll(/outflow_[a-z_]+/g)].map(([name]) => name)
  expect(names.filter((name) => !labelsOf.has(name))).toEqual([])

  const matched = [...expr.matchAll(/(outflow_[a-z_]+)\{([^}]*)\}/g)].flatMap(([, name, selector]) =>
    [...selector!.matchAll(/([a-z_]+)\s*(?:=|!)/g)].map(([, label]) => [name!, label!] as const),
  )
  expect(matched.filter(([name, label]) => !labelsOf.get(name)?.includes(label))).toEqual([])

  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(/,\s*/))
  const known = names.flatMap((name) => labelsOf.get(name) ?? [])
  expect(grouped.filter((label) => !known.includes(label))).toEqual([])
})

test('the dashboard shows the first gap of a topic, which creates its series (`increase` was 0)', () => {
  expect(new Map(expressions).get('Records missed')).not.toContain('increase')
})

test('issue 17.13: every panel has a unique id', () => {
  const idsOf = (panels: readonly Panel[]): number[] =>
    panels.flatMap(({ id, panels: inner = [] }) => [id, ...idsOf(inner)])
  const ids = idsOf(dashboard.panels)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
})

test('every metric is on the dashboard, except those for diagnosis', () => {
  const shown = expressions.map(([, expr]) => expr).join('\n')
  const bases = [...labelsOf.keys()].map((name) => name.replace(/_(?:sum|count|bucket)$/, ''))
  const unseen = [...new Set(bases)].filter((name) => !shown.includes(name))
  expect(unseen.toSorted()).toEqual(FOR_DIAGNOSIS)
})

/** Used to tune windows; too detailed for the dashboard. */
const FOR_DIAGNOSIS = ['outflow_late_records_total']

test('every alert rule has a promtool unit test', () => {
  const tested = read('prometheus/alerts.test.yaml')
  expect(rules.map(({ alert }) => alert).filter((alert) => !tested.includes(`alertname: ${alert}`))).toEqual([])
})

function read(path: string): string {
  return readFileSync(`${infra}${path}`, 'utf8')
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

interface Panel {
  readonly id: number
  readonly title: string
  /** Those of Postgres have SQL instead of an expression. */
  readonly targets?: readonly { readonly expr?: string }[]
  readonly panels?: readonly Panel[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}
