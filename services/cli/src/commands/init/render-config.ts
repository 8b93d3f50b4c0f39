import type { Config } from '@outflow/contracts'
import { stringify } from 'yaml'
import { leftOutByReason } from '../../left-out.js'
import type { WrittenConnection } from './connection.js'
import type { RecordStatistics } from './look-at-records.js'
import {
  type Proposal,
  proposeAlertRate,
  proposeFeature,
  proposeKey,
  proposeTimestamp,
  proposeTraining,
  proposeWindows,
  type Silence,
  spanOfSeries,
} from './propose.js'

export interface Origin {
  /** Where the records come from, in words: `the first 10,000 records of flights.csv`. */
  readonly from: string
  readonly topic: string
  /** Format of the records on the topic, and why it is proposed. */
  readonly format: Proposal<Config['source']['format']>
  /** Whether the records had Kafka keys of their own; false where they come from a file. */
  readonly isKeyed: boolean
  readonly connection: WrittenConnection
  /** Null where it is unknown. */
  readonly recordsPerDay: number | null
  readonly silence: Silence | null
}

/** Returns the text of an outflow.yaml for the records: valid YAML, with comments that state the reason for each line. */
export function renderConfig(statistics: RecordStatistics, origin: Origin): string {
  const { topic } = origin
  const alertRate = proposeAlertRate(origin.recordsPerDay ?? spanOfSeries(statistics)?.recordsPerDay ?? null)
  const blocks = [
    [`# Proposed by \`outflow init\` from ${remark(origin.from)}: check it, and correct what is wrong.`],
    aligned([
      entry('pipeline', { value: pipelineName(topic), why: 'names the pipeline in tables, metrics and alerts' }),
      entry('kafka', { value: origin.connection.kafka, why: 'host:port, comma-separated; also tls and sasl' }),
      entry('postgres', { value: origin.connection.postgres, why: 'also passwordFile and tls' }),
    ]),
    ['source:', ...aligned(sourceOf(statistics, origin).map(indent))],
    [
      'features: # with the number of records in which a field is absent or empty',
      ...aligned(featuresOf(statistics, origin).map(indent)),
      ...leftOutLines(statistics),
    ],
    ['training:', ...aligned(trainingOf(statistics, origin).map(indent))],
    aligned([
      entry('detection', { value: { alertRate: alertRate.value }, why: alertRate.why }),
      entry('alerts', {
        value: { topic: `${topic.slice(0, LONGEST_STEM)}.alerts` },
        why: 'anomalies are reported here',
      }),
      entry('deadLetters', {
        value: { topic: `${topic.slice(0, LONGEST_STEM)}.dead-letters` },
        why: 'records that break the contract above go here',
      }),
    ]),
  ]
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

interface Line {
  readonly text: string
  readonly why: string | null
}

const indent = ({ text, why }: Line): Line => ({ text: `  ${text}`, why })

/** A Kafka topic's name has at most 249 characters; the longest suffix that is appended has 13. */
const LONGEST_STEM = 236

function sourceOf(statistics: RecordStatistics, { topic, format, isKeyed, connection }: Origin): readonly Line[] {
  const timestamp = proposeTimestamp(statistics)
  const key = proposeKey(statistics)
  const lines = [entry('topics', { value: [topic], why: null }), entry('format', format)]
  const { registry, csv, maxRecordBytes } = connection.source
  if (registry && format.value !== 'json') lines.push(entry('registry', { value: registry, why: null }))
  if (csv && format.value === 'csv') lines.push(entry('csv', { value: csv, why: null }))
  if (maxRecordBytes) lines.push(entry('maxRecordBytes', { value: maxRecordBytes, why: null }))
  if (timestamp) lines.push(entry('timestamp', timestamp))
  else lines.push({ text: '# timestamp: $.…', why: "no field has a time in every record; Kafka's timestamp is used" })
  if (isKeyed) lines.push({ text: '# key: $.…', why: "the entity is Kafka's message key, which these records have" })
  else if (key) lines.push(entry('key', key))
  else lines.push({ text: '# key: $.…', why: "no field looks like an entity; Kafka's message key is used" })
  return lines
}

function featuresOf(statistics: RecordStatistics, { isKeyed }: Origin): readonly Line[] {
  const proposed = [...statistics.columns.map(proposeFeature), ...proposeWindows(statistics, isKeyed)]
  return proposed.map(({ value, why }) => ({ text: `- ${inline(asWritten(value))}`, why }))
}

/** A feature without the default `optional: false`. */
function asWritten(feature: object): object {
  return Object.fromEntries(Object.entries(feature).filter(([key, part]) => key !== 'optional' || part === true))
}

/** A field that could be a feature is a commented line, ready to be enabled; any other is a comment with the reason. */
function leftOutLines({ leftOut }: RecordStatistics): readonly string[] {
  const possible = leftOut.flatMap(({ why, feature }): Line[] =>
    feature === undefined ? [] : [{ text: `# - ${inline(asWritten(feature))}`, why: `left out: ${why}` }],
  )
  const others = leftOutByReason(leftOut.filter(({ feature }) => feature === undefined)).map((text): Line => {
    return { text: `# left out: ${remark(text)}`, why: null }
  })
  return aligned([...possible, ...others].map(indent))
}

function trainingOf(statistics: RecordStatistics, origin: Origin): readonly Line[] {
  const { window, minRows } = proposeTraining(statistics, origin)
  return minRows === null ? [entry('window', window)] : [entry('window', window), entry('minRows', minRows)]
}

function entry(key: string, { value, why }: Proposal<unknown>): Line {
  return { text: `${key}: ${inline(value)}`, why }
}

/** On one line, quoted where YAML requires it, and where a field's name contains a line break. */
function inline(value: unknown): string {
  return stringify(value, {
    // Helm reads YAML 1.1, where y, no and on are booleans.
    compat: 'yaml-1.1',
    collectionStyle: 'flow',
    lineWidth: 0,
    defaultKeyType: 'PLAIN',
    defaultStringType: JSON.stringify(value).includes('\\n') ? 'QUOTE_DOUBLE' : 'PLAIN',
    doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
  }).trimEnd()
}

/** Comments behind longer lines are not aligned with the others: they would push all comments off the screen. */
const MAX_ALIGNED_WIDTH = 60

function aligned(lines: readonly Line[]): readonly string[] {
  const width = Math.max(0, ...lines.map(({ text }) => text.length).filter((length) => length <= MAX_ALIGNED_WIDTH))
  return lines.map(({ text, why }) => (why === null ? text : `${text.padEnd(width)}  # ${remark(why)}`))
}

const LONGEST_REMARK = 200

/** Text from data must not end its comment. */
function remark(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]+/gu, ' ')
  return line.length > LONGEST_REMARK ? `${line.slice(0, LONGEST_REMARK - 1)}…` : line
}

function pipelineName(topic: string): string {
  const name = topic
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
  return name === '' ? 'pipeline' : name
}

/** A name for the topic of a file's records: `data/flights.csv.gz` gives `flights`. */
export function topicOfFile(path: string): string {
  const base = path
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.gz$/i, '')
    .replace(/\.[^.]+$/, '')
  const name = base.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '')
  return name === '' ? 'records' : name.slice(0, LONGEST_STEM)
}
