import { EVENT_SCHEMAS, type EventType, eventJsonSchema } from '@outflow/contracts'
import { keysOf, type Schema, table } from './reference-schema.js'

/** Every event that outflow sends, with its fields, as a page in Markdown, from the zod schemas. */
export function eventReference(): readonly string[] {
  return [
    '# Events',
    '',
    'Generated from the schemas by `npm run docs:reference`. `npx outflow schema --event outflow.anomaly.v1` prints the JSON Schema of an event;',
    '[contracts](../../libs/contracts/README.md#events) states what may change within a version. [Alerts](../guides/alerts.md) and',
    '[health events](../operations/health-events.md) have examples. `data.a.b` is a field of each item where `data.a` is a list.',
    ...(Object.keys(EVENT_SCHEMAS) as EventType[]).flatMap(eventSection),
  ]
}

function eventSection(type: EventType): readonly string[] {
  const schema = eventJsonSchema(type) as Schema
  const rows = keysOf(schema).map(({ path, values, required, schema: { description = '' } }) => [
    `\`${path.join('.')}\``,
    required ? values : `${values}, may be absent`,
    description,
  ])
  return ['', `## ${type}`, '', schema.description!, '', ...table(['field', 'values', 'meaning'], rows)]
}
