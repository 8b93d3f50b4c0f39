import { z } from 'zod'
import { consoleSchema } from './console.js'
import { detectionSchema } from './detection.js'
import { featureName, featureSchema } from './feature.js'
import { modelKindSchema } from './model-kind.js'
import { cooldownSchema, groupingSchema, quietHoursSchema } from './noise.js'
import { fieldPath, formatPath, stepsOfColumn } from './path.js'
import { filePath, kafkaTlsSchema, postgresTlsSchema, saslSchema } from './security.js'
import { byteSize, cronPattern, duration } from './units.js'
import { webhookSchema } from './webhook.js'

const topicName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'a Kafka topic name: letters, digits, ".", "_" and "-"')
const port = z.int().min(0).max(65_535)

const kafkaSchema = z.strictObject({
  brokers: z
    .union([
      z.array(z.string().min(1)).min(1),
      z
        .string()
        .min(1)
        .transform((list) => list.split(',').map((b) => b.trim())),
    ])
    .describe('Bootstrap brokers as host:port, a list or comma-separated'),
  clientId: z.string().min(1).default('outflow').describe('What the brokers call this client'),
  tls: kafkaTlsSchema.optional().describe('TLS: true, or the files it needs; default: none'),
  sasl: saslSchema.optional().describe('How to log in; default: not at all'),
})

const csvSchema = z.strictObject({
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Names of the columns; route.origin is a nested field, and ["metrics.cpu"] a key with a dot. Default: none, and $[0] is the first',
    ),
  delimiter: z.string().length(1).default(',').describe('What stands between two values, one character'),
})

const registrySchema = z
  .strictObject({
    url: z.string().regex(/^https?:\/\/[^@]+$/, 'a URL such as https://registry:8081, without user and password'),
    username: z.string().min(1).optional().describe('For HTTP basic authentication'),
    password: z.string().optional().describe('For HTTP basic authentication'),
    passwordFile: filePath('File that holds the password, instead of it').optional(),
  })
  .refine(({ password, passwordFile }) => password === undefined || passwordFile === undefined, {
    path: ['passwordFile'],
    message: 'allowed: either password or passwordFile, and not both',
  })

const postgresSchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'a URL such as postgres://user:password@host:5432/database')
      .refine(URL.canParse, 'allowed: a URL; inside the password, @ : / # and ? are written %40 %3A %2F %23 and %3F')
      .describe('postgres://user:password@host:5432/database'),
    passwordFile: filePath('File that holds the password, instead of the URL').optional(),
    tls: postgresTlsSchema.optional().describe('TLS: true, or the files it needs; default: what the URL says'),
  })
  .superRefine(({ url, passwordFile, tls }, context) => {
    const { password, searchParams } = URL.canParse(url) ? new URL(url) : new URL('postgres://host')
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (passwordFile !== undefined && password !== '') refuse('passwordFile', 'allowed: when the URL has no password')
    if (tls !== undefined && [...searchParams.keys()].some((name) => name.startsWith('ssl'))) {
      refuse('tls', 'allowed: when the URL has no ssl parameters of its own')
    }
  })

const sourceSchema = z.strictObject({
  topics: z.array(topicName).min(1).describe('The topics that are watched'),
  format: z.enum(['json', 'csv', 'avro', 'protobuf']).default('json').describe('How a record is written'),
  csv: csvSchema.prefault({}).describe('Of format csv: how a line is read'),
  registry: registrySchema.optional().describe("Of formats avro and protobuf: the schema registry (Confluent's API)"),
  timestamp: fieldPath
    .optional()
    .describe("Path of the event time: ISO 8601, or epoch seconds, ms, µs or ns; default: Kafka's timestamp"),
  key: fieldPath.optional().describe("Which field names the entity; default: Kafka's message key"),
  from: z.enum(['earliest', 'latest']).default('earliest').describe('Where a pipeline without stored offsets begins'),
  tombstones: z
    .enum(['skip', 'reject'])
    .default('skip')
    .describe(
      'Messages without a value, the deletions of a compacted topic: skip counts them, reject makes dead letters',
    ),
  maxRecordBytes: byteSize.default(1024 ** 2).describe('A larger record is set aside as too_large'),
})

const modelSchema = z.strictObject({
  kind: modelKindSchema
    .default('realnvp')
    .describe('The kind of normalizing flow: affine couplings, the same with linear mixing, or spline couplings'),
  layers: z.int().min(1).max(64).default(8).describe('Coupling layers'),
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(4)
    .default([64, 64])
    .describe("Units of the conditioner's layers"),
})

const trainingSchema = z.strictObject({
  every: duration.default(3_600_000).describe('How often the model is fitted again'),
  cron: cronPattern
    .optional()
    .describe('When the model is fitted again, in UTC, such as "0 3 * * *"; instead of every'),
  window: duration.default(86_400_000).describe("How far back the training window reaches, by Kafka's timestamp"),
  minRows: z.int().min(50).default(2_000).describe('No model is fitted from fewer records'),
  halfLife: duration
    .refine((ms) => ms >= 60_000, 'allowed: 1m and more')
    .optional()
    .describe('A record so much older than the newest counts half as much; default: all of the window count alike'),
  maxRows: z.int().min(50).max(5_000_000).default(200_000).describe('A larger window is sampled uniformly'),
  contamination: z.number().min(0).max(0.5).default(0.01).describe('Share of the window that may be anomalies'),
  seed: z.int().min(0).default(1).describe('The same seed and window give the same model'),
  onDrift: z
    .boolean()
    .default(true)
    .describe('Whether drift of the scores makes a fit due, to the records since the change began'),
  falseDriftEvery: duration.default(30 * 86_400_000).describe('How seldom drift may be told where there is none'),
  shadow: duration
    .default(0)
    .describe(
      'How long a candidate that passed the gate scores beside the active model before it is promoted; 0s: not at all',
    ),
  niceness: z.int().min(0).max(19).default(5).describe('How far a fit stands back behind other processes, 0 to 19'),
  threads: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Threads of a fit at most; only with one is the model the same on every run, and WebAssembly knows one'),
})

/** What outflow.yaml may say; every key has its sentence, its unit and, where a safe one exists, its default. */
export const configSchema = z
  .strictObject({
    pipeline: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-"')
      .describe('Names the pipeline in tables, metrics and alerts'),
    kafka: kafkaSchema,
    postgres: postgresSchema,
    source: sourceSchema,
    features: z.array(featureSchema).min(1).describe('What the model looks at'),
    model: modelSchema.prefault({}),
    training: trainingSchema.prefault({}),
    detection: detectionSchema.prefault({}),
    alerts: z.strictObject({
      topic: topicName.describe('Where alerts are sent'),
      webhooks: z.array(webhookSchema).default([]).describe('Where alerts are posted besides'),
      grouping: groupingSchema.optional().describe('One alert about many of a key or a reason; default: none'),
      cooldown: cooldownSchema.optional(),
      quietHours: quietHoursSchema.optional().describe('When alerts wait, to be summed up in one; default: never'),
    }),
    deadLetters: z.strictObject({ topic: topicName.describe('Where rejected records are sent') }),
    events: z
      .strictObject({
        topic: topicName.optional().describe('Where events about the pipeline itself are sent; default: nowhere'),
      })
      .prefault({})
      .describe(
        'Told to whoever operates the pipeline: no model, a dead trainer, drift, a model rolled back and the like',
      ),
    retention: z
      .strictObject({ anomalies: duration.default(90 * 86_400_000), statistics: duration.default(30 * 86_400_000) })
      .prefault({})
      .describe('How long rows are kept in Postgres'),
    http: z
      .strictObject({
        host: z.string().default('127.0.0.1').describe('Where health and metrics are served'),
        ports: z
          .strictObject({
            ingest: port.default(9401),
            trainer: port.default(9402),
            alerts: port.default(9403),
            console: port.default(9404),
            all: port.default(9400),
          })
          .prefault({})
          .describe('0 takes any free port'),
      })
      .prefault({}),
    console: consoleSchema.prefault({}).describe('The web page and its HTTP API'),
    log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: PropertyKey[], input: unknown, message: string) =>
      context.addIssue({ code: 'custom', path, input, message })
    const names = config.features.map(featureName)
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return
      refuse(['features', index, 'name'], name, 'allowed: a name that no other feature has')
    })
    if (config.training.maxRows < config.training.minRows) {
      refuse(['training', 'maxRows'], config.training.maxRows, `allowed: at least minRows, ${config.training.minRows}`)
    }
    const webhooks = config.alerts.webhooks.map(({ name }) => name)
    webhooks.forEach((name, index) => {
      if (webhooks.indexOf(name) === index) return
      refuse(['alerts', 'webhooks', index, 'name'], name, 'allowed: a name that no other webhook has')
    })
    config.alerts.webhooks.forEach(({ send }, index) => {
      if (config.events.topic !== undefined || !send.includes('operations')) return
      refuse(
        ['alerts', 'webhooks', index, 'send'],
        send,
        'allowed: operations where events: { topic: … } names the topic that they go to first',
      )
    })
    const { format, registry, csv } = config.source
    const wantsRegistry = format === 'avro' || format === 'protobuf'
    if (wantsRegistry && registry === undefined) {
      refuse(
        ['source', 'registry'],
        undefined,
        `allowed: the schema registry that format ${format} needs, as { url: … }`,
      )
    }
    if (!wantsRegistry && registry !== undefined) {
      refuse(['source', 'registry'], 'a registry', `allowed: nothing, since format ${format} asks no schema registry`)
    }
    const columns = (csv.columns ?? []).map(stepsOfColumn)
    columns.forEach((column, index) => {
      const other = columns.find((one, at) => at !== index && one.every((step, place) => step === column[place]))
      if (other === undefined) return
      refuse(['source', 'csv', 'columns', index], csv.columns![index], `allowed: a field outside ${formatPath(other)}`)
    })
    const outputs = [config.alerts.topic, config.deadLetters.topic, config.events.topic]
    config.source.topics.forEach((topic, index) => {
      if (!outputs.includes(topic)) return
      refuse(['source', 'topics', index], topic, 'allowed: a topic that outflow does not itself write to')
    })
  })

export type Config = z.infer<typeof configSchema>
