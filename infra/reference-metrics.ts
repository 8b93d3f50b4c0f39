import ts from 'typescript'
import { table } from './reference-schema.js'
import { nodesBelow, sourcesWith } from './sources.js'

/** The Markdown table of every metric, from the calls that register them. */
export function metricTable(): readonly string[] {
  const rows = metrics().map(({ name, type, labels, service, help }) => {
    const shown = labels.length === 0 ? name : `${name}{${labels.join(',')}}`
    return [`\`${shown}\``, type, service, help]
  })
  return table(['metric', 'type', 'service', 'meaning'], rows)
}

/** Every metric that a service registers, by service. */
export function metrics() {
  const found = sourcesWith("'outflow_").flatMap((source) =>
    [...nodesBelow(source, ts.isCallExpression)].flatMap((call) => metricOf(call) ?? []),
  )
  return SERVICES.flatMap((service) => found.filter((metric) => metric.service === service))
}

const SERVICES = ['ingest', 'trainer', 'alerts', 'console']
const TYPES = { counter: 'counter', gauge: 'gauge', gaugeOf: 'gauge', histogram: 'histogram' } as const

/** null for any other call. */
function metricOf(call: ts.CallExpression) {
  const [name, help, ...others] = call.arguments
  const method = ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : ''
  if (!Object.hasOwn(TYPES, method) || name === undefined || !ts.isStringLiteral(name)) return null
  if (help === undefined || !ts.isStringLiteral(help)) throw new Error(`${name.text} needs a help text as one literal`)
  const labels = others.find(ts.isArrayLiteralExpression)?.elements.filter(ts.isStringLiteral) ?? []
  const [, service = ''] = /^services\/([a-z]+)\//.exec(call.getSourceFile().fileName) ?? []
  if (!SERVICES.includes(service)) throw new Error(`${name.text} is registered by none of ${SERVICES.join(', ')}`)
  return {
    name: name.text,
    type: TYPES[method as keyof typeof TYPES],
    labels: labels.map(({ text }) => text),
    service,
    help: help.text,
  }
}
