import { z } from 'zod'
import { attempt } from '../attempt.js'
import { featureName } from '../feature/feature.js'
import { featureSchema } from '../feature/feature-schema.js'
import { formatPath, stepsOfColumn } from '../feature/path.js'
import { fieldPath } from '../feature/path-schema.js'
import { modelKindSchema } from '../model/model-metadata.js'
import { consoleSchema, listenHost } from './console.js'
import { detectionSchema } from './detection.js'
import { cooldownSchema, groupingSchema, quietHoursSchema } from './noise.js'
import { refuseRepeated } from './refuse-repeated.js'
import { filePath, kafkaTlsSchema, postgresTlsSchema, saslSchema } from './security.js'
import { byteSize, cronPattern, duration, durationOrZero } from './units.js'
import { webhookSchema } from './webhook.js'

const topicName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'a Kafka topic name: letters, digits, ".", "_" and "-"')
const port = z.int().min(0).max(65_535)

const brokersOf = (list: string): string[] => list.split(',').map((broker) => broker.trim())

/** kafkajs splits at the colon, so it cannot connect to an IPv6 address. */
function isBroker(text: string): boolean {
  const own = Number(/^[^\s:/[\]]+:(\d{1,5})$/.exec(text)?.[1])
  return own >= 1 && own <= 65_535
}

const BROKER_RULE = 'allowed: host:port, such as kafka:9092; an IPv6 address needs a host name'

const kafkaSchema = z.strictObject({
  brokers: z
    .union(
      [
        z.array(z.string().refine(isBroker, BROKER_RULE)).min(1),
        z
          .string()
          .refine((list) => brokersOf(list).every(isBroker), BROKER_RULE)
          .transform(brokersOf),
      ],
      BROKER_RULE,
    )
    .describe('Bootstrap brokers as host:port, a list or comma-separated'),
  clientId: z.string().min(1).default('outflow').describe('Client id, as brokers log it'),
  tls: kafkaTlsSchema.optional().describe('TLS: true, or certificate files. Default: no TLS'),
  sasl: saslSchema.optional().describe('SASL login. Default: none'),
})

const csvSchema = z.strictObject({
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Names of the columns; route.origin is a nested field, and ["metrics.cpu"] a key with a dot. Default: none, and $[0] is the first',
    ),
  delimiter: z.string().length(1).default(',').describe('Separator, one character'),
})

const registrySchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/[^@]+$/, {
        error: 'a URL such as https://registry:8081, without user and password',
        abort: true,
      })
      .refine(URL.canParse, 'allowed: one URL such as https://registry:8081'),
    username: z.string().min(1).optional().describe('HTTP basic authentication'),
    password: z.string().optional().describe('HTTP basic authentication'),
    passwordFile: filePath('File with the password, instead of password').optional(),
  })
  .refine(({ password, passwordFile }) => password === undefined || passwordFile === undefined, {
    path: ['passwordFile'],
    message: 'allowed: either password or passwordFile, and not both',
  })

/** pg decodes the parts of the URL, and fails on a `%` that begins no character. */
function decodeParts(url: string): string {
  const { username, password, pathname } = new URL(url)
  return decodeURIComponent(`${username}:${password}${pathname}`)
}

const postgresSchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, {
        error: 'a URL such as postgres://user:password@host:5432/database',
        abort: true,
      })
      .refine(
        (url) => attempt(() => decodeParts(url)) !== null,
        'allowed: a URL; in the password, % @ : / # and ? are written %25 %40 %3A %2F %23 and %3F',
      )
      .describe('postgres://user:password@host:5432/database'),
    passwordFile: filePath('File with the password, if the URL has none').optional(),
    tls: postgresTlsSchema.optional().describe('TLS: true, or certificate files. Default: as the URL states'),
  })
  .superRefine(({ url, passwordFile, tls }, context) => {
    const { password, searchParams } = URL.canParse(url) ? new URL(url) : new URL('postgres://host')
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    // With uselibpqcompat pg does not verify certificates either, unless sslmode is verify-ca or verify-full.
    if ([...searchParams.values()].includes('no-verify') || searchParams.has('uselibpqcompat')) {
      refuse('url', 'allowed: a URL without no-verify and uselibpqcompat; set the CA as postgres.tls.caFile')
    }
    if (passwordFile !== undefined && password !== '') refuse('passwordFile', 'allowed: when the URL has no password')
    if (tls !== undefined && [...searchParams.keys()].some((name) => name.startsWith('ssl'))) {
      refuse('tls', 'allowed: when the URL has no ssl parameters')
    }
  })

const sourceSchema = z.strictObject({
  topics: z.array(topicName).min(1).describe('Topics to read'),
  format: z.enum(['json', 'csv', 'avro', 'protobuf']).default('json').describe('Format of message values'),
  csv: csvSchema.prefault({}).describe('For format csv: how a line is split'),
  registry: registrySchema.optional().describe("For formats avro and protobuf: the schema registry (Confluent's API)"),
  timestamp: fieldPath
    .optional()
    .describe("Path of the event time: ISO 8601, or epoch seconds, ms, µs or ns; default: Kafka's timestamp"),
  key: fieldPath
    .optional()
    .describe("Path of the entity's name. Default: Kafka's message key, as 0x and hex if it is no text"),
  from: z
    .enum(['earliest', 'latest'])
    .default('earliest')
    .describe('Where a pipeline without stored offsets begins to read, once it has its first model'),
  tombstones: z
    .enum(['skip', 'reject'])
    .default('skip')
    .describe(
      'Messages without a value, the deletions of a compacted topic: skip counts them, reject makes dead letters',
    ),
  maxRecordBytes: byteSize.default(1024 ** 2).describe('Larger records are rejected as too_large'),
})

/** The part of outflow.yaml that is needed to read a topic; other keys are ignored. */
export const connectionSchema = z
  .object({
    kafka: kafkaSchema,
    postgres: postgresSchema.optional(),
    source: z
      .object({
        // Without the default of outflow.yaml, because the format may be inferred from the records.
        format: sourceSchema.shape.format.unwrap().optional(),
        ...sourceSchema.pick({ csv: true, registry: true, maxRecordBytes: true }).shape,
      })
      .prefault({}),
  })
  .superRefine(({ source }, context) => {
    if (source.format !== undefined) checkRegistry(source.format, source.registry, context)
  })

export type Connection = z.infer<typeof connectionSchema>

function checkRegistry(format: string, registry: unknown, context: z.RefinementCtx): void {
  const isNeeded = format === 'avro' || format === 'protobuf'
  if (isNeeded === (registry !== undefined)) return
  context.addIssue({
    code: 'custom',
    path: ['source', 'registry'],
    input: registry && 'a registry',
    message: isNeeded
      ? `allowed: the schema registry that format ${format} needs, as { url: … }`
      : `allowed: nothing, since format ${format} has no schema registry`,
  })
}

const modelSchema = z.strictObject({
  kind: modelKindSchema
    .default('realnvp')
    .describe(
      'Kind of normalizing flow: affine couplings (realnvp), with linear mixing (glow), or spline couplings (spline)',
    ),
  layers: z.int().min(1).max(64).default(8).describe('Number of coupling layers'),
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(4)
    .default([32, 32])
    .describe("Widths of the conditioner's hidden layers"),
})

const trainingSchema = z.strictObject({
  every: duration.default(3_600_000).describe('Interval between fits'),
  cron: cronPattern
    .optional()
    .describe('Schedule of fits as a cron pattern in UTC, such as "0 3 * * *"; replaces every'),
  window: duration.default(86_400_000).describe("Length of the training window, by Kafka's timestamps"),
  minRows: z
    .int()
    .min(50)
    .default(2_000)
    .describe('Minimum number of records of a full model; from 200 on a provisional one is fitted'),
  maxRows: z
    .int()
    .min(50)
    .max(5_000_000)
    .default(200_000)
    .describe('Maximum number of records for a fit; a larger window is sampled uniformly'),
  contamination: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.01)
    .describe(
      'Share of the training window that may be anomalies; 0: it has none, and clusters of rare records are learned as normal',
    ),
  seed: z.int().min(0).default(1).describe('Random seed; the same seed and training window give the same model'),
  onDrift: z.boolean().default(true).describe('Whether drift triggers a fit to the records since the change'),
  falseDriftEvery: duration.default(30 * 86_400_000).describe('Mean time between false drift alarms'),
  shadow: durationOrZero
    .default(0)
    .describe(
      'How long a model that passed its gate runs as a shadow before it is promoted, and longer until it has scored a record; 0s disables shadows',
    ),
  niceness: z.int().min(0).max(19).default(5).describe('Niceness of the process that fits, 0 to 19'),
  threads: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Maximum number of threads of a fit. Results are reproducible only with 1; WebAssembly always uses 1'),
})

/** The schema of outflow.yaml; every key has a description, a unit and, if there is a safe one, a default. */
export const configSchema = z
  .strictObject({
    pipeline: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-"')
      .describe(
        'Name in tables, metrics and alerts, and of the consumer group outflow-NAME; unique on a Kafka cluster',
      ),
    kafka: kafkaSchema,
    postgres: postgresSchema,
    source: sourceSchema,
    features: z.array(featureSchema).min(1).describe('Fields of a record that the model uses'),
    model: modelSchema.prefault({}),
    training: trainingSchema.prefault({}),
    detection: detectionSchema.prefault({}),
    alerts: z.strictObject({
      topic: topicName.describe('Topic of the alerts'),
      explained: z
        .boolean()
        .default(false)
        .describe(
          'Whether the reasons of an alert that was sent without them follow on the topic, as outflow.anomaly_explained.v1',
        ),
      provisional: z
        .boolean()
        .default(false)
        .describe(
          'Whether anomalies of a provisional model, fitted to fewer than training.minRows records, are alerted',
        ),
      webhooks: z.array(webhookSchema).default([]).describe('HTTP endpoints that also receive alerts'),
      grouping: groupingSchema.optional().describe('Grouping of alerts of a key or a reason into one. Default: none'),
      cooldown: cooldownSchema.optional(),
      quietHours: quietHoursSchema
        .optional()
        .describe('Times at which alerts are held back and summarised. Default: none'),
    }),
    deadLetters: z.strictObject({ topic: topicName.describe('Topic of rejected records') }),
    events: z
      .strictObject({
        topic: topicName.optional().describe('Topic of health events. Default: not published'),
      })
      .prefault({})
      .describe('Health events, for operators: no model, no trainer, drift, a rollback and others'),
    retention: z
      .strictObject({
        anomalies: duration
          .default(90 * 86_400_000)
          .describe('Anomalies, the models that scored them, dead letters and unsent alerts'),
        statistics: duration.default(30 * 86_400_000).describe('Statistics, and delivered events of webhooks'),
      })
      .prefault({})
      .describe('How long rows are kept in Postgres'),
    http: z
      .strictObject({
        host: listenHost.default('127.0.0.1').describe('Address for health and metrics'),
        ports: z
          .strictObject({
            ingest: port.default(9401),
            trainer: port.default(9402),
            alerts: port.default(9403),
            console: port.default(9404),
            all: port.default(9400),
          })
          .prefault({})
          .describe('Ports for health and metrics; 0 takes any free port'),
      })
      .prefault({}),
    console: consoleSchema.prefault({}).describe('The web page and its HTTP API'),
    log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: PropertyKey[], input: unknown, message: string) =>
      context.addIssue({ code: 'custom', path, input, message })
    refuseRepeated('feature', config.features.map(featureName), ['features'], context)
    if (config.training.maxRows < config.training.minRows) {
      refuse(['training', 'maxRows'], config.training.maxRows, `allowed: at least minRows, ${config.training.minRows}`)
    }
    const { webhooks } = config.alerts
    refuseRepeated(
      'webhook',
      webhooks.map(({ name }) => name),
      ['alerts', 'webhooks'],
      context,
    )
    webhooks.forEach(({ send }, index) => {
      if (config.events.topic !== undefined || !send.includes('health')) return
      refuse(
        ['alerts', 'webhooks', index, 'send'],
        send,
        'allowed: health if events: { topic: … } is set, because health events go to Kafka first',
      )
    })
    const { format, registry, csv } = config.source
    checkRegistry(format, registry, context)
    const columns = (csv.columns ?? []).map(stepsOfColumn)
    columns.forEach((column, index) => {
      const other = columns.find((one, at) => at !== index && one.every((step, place) => step === column[place]))
      if (other === undefined) return
      refuse(['source', 'csv', 'columns', index], csv.columns![index], `allowed: a field outside ${formatPath(other)}`)
    })
    const ofEvents = [config.alerts.topic, config.events.topic]
    const { topic: ofDeadLetters } = config.deadLetters
    if (ofEvents.includes(ofDeadLetters))
      refuse(['deadLetters', 'topic'], ofDeadLetters, 'allowed: another topic than alerts.topic and events.topic')
    const { topics } = config.source
    topics.forEach((topic, index) => {
      const path = ['source', 'topics', index]
      if (topics.indexOf(topic) !== index) refuse(path, topic, 'allowed: each topic once')
      if ([...ofEvents, ofDeadLetters].includes(topic))
        refuse(path, topic, 'allowed: a topic that outflow does not write to')
    })
  })

export type Config = z.infer<typeof configSchema>
