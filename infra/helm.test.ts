import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '@outflow/contracts'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { keysOf, valueAt } from './reference-schema.js'

const infra = fileURLToPath(new URL('.', import.meta.url))
const read = (path: string) => readFileSync(`${infra}${path}`, 'utf8')

/** The values of the guide; they enable every part of the chart. */
const [, valuesOfGuide] = /^```yml\n([\s\S]*?)^```/m.exec(read('../docs/guides/kubernetes.md'))!
const schema = JSON.parse(read('helm/values.schema.json'))
const defaults = parse(read('helm/values.yaml'))
const environment = { DATABASE_URL: 'postgres://localhost/outflow', KAFKA_PASSWORD: 'secret' }

describe('the values of the Helm chart', () => {
  const validate = new Ajv({ allErrors: true }).compile(schema)

  it('have defaults that match the schema, except for the configuration', () => {
    const { config, ...others } = defaults
    expect(config).toEqual({})
    expect(validate({ ...others, config: parse(valuesOfGuide!).config }), JSON.stringify(validate.errors)).toBe(true)
    expect(validate(defaults)).toBe(false)
  })

  it('of the guide match the schema, and their configuration is valid', () => {
    const values = parse(valuesOfGuide!)
    expect(validate(values), JSON.stringify(validate.errors)).toBe(true)
    expect(parseConfig(values.config, environment).pipeline).toBe('flights')
  })

  it('require a login of an enabled console (every service, not only the console, rejected the configuration)', () => {
    const { config, ...values } = parse(valuesOfGuide!)
    const { authentication: _, ...open } = config.console
    const withConsole = (console: object | undefined, enabled = true) =>
      validate({ ...values, config: { ...config, console }, console: { enabled } })
    expect(withConsole(config.console)).toBe(true)
    expect(withConsole(open)).toBe(false)
    expect(withConsole(undefined)).toBe(false)
    expect(withConsole(open, false)).toBe(true)
  })

  it('have a default for every key of the schema, and no other', () => {
    const without = keysOf(schema).filter(({ path }) => valueAt(defaults, path) === undefined)
    expect(without.map(({ path }) => path.join('.'))).toEqual([])
  })
})

it('the Helm chart has the version of outflow', () => {
  const { version } = JSON.parse(read('../package.json'))
  expect(parse(read('helm/Chart.yaml'))).toMatchObject({ version, appVersion: version })
})

// npm does not install Helm.
const hasHelm = spawnSync('helm', ['version']).status === 0

describe('the rendered Helm chart', () => {
  let folder: string
  beforeEach(({ skip }) => skip(!hasHelm, 'helm is not installed'))
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'outflow-helm-'))
    writeFileSync(join(folder, 'flights.yaml'), valuesOfGuide!)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const render = (...args: readonly string[]) => renderAs('flights', ...args)
  function renderAs(release: string, ...args: readonly string[]): readonly Manifest[] {
    const { status, stdout, stderr } = template(release, ...args)
    expect(status, stderr).toBe(0)
    return parseAllDocuments(stdout).flatMap((document) => document.toJS() ?? [])
  }
  function template(release: string, ...args: readonly string[]) {
    const values = ['--values', join(folder, 'flights.yaml')]
    // Without --kube-version and a cluster, Helm assumes an old version of Kubernetes.
    const command = ['template', release, join(infra, 'helm'), '--kube-version', '1.37.0', ...values, ...args]
    return spawnSync('helm', command, { encoding: 'utf8' })
  }
  const named = (manifests: readonly Manifest[], kind: string) =>
    new Map(manifests.filter((manifest) => manifest.kind === kind).map((found) => [found.metadata.name, found]))

  it('serves health and metrics on the port that probes and the ServiceMonitor use', () => {
    const manifests = render()
    const { data } = named(manifests, 'ConfigMap').get('flights-outflow')!
    const config = parseConfig(parse(data!['outflow.yaml']!), environment)
    expect([config.http.host, config.console.host]).toEqual(['0.0.0.0', '0.0.0.0'])
    for (const service of ['ingest', 'trainer', 'alerts', 'console'] as const) {
      const { containers } = named(manifests, 'Deployment').get(`flights-outflow-${service}`)!.spec.template!.spec
      expect(containers[0]!.args).toEqual(['run', service, '--config', '/etc/outflow/outflow.yaml'])
      expect(containers[0]!.ports).toEqual([{ name: 'vitals', containerPort: config.http.ports[service] }])
      expect(containers[0]!.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'vitals' })
    }
    expect(named(manifests, 'ServiceMonitor').get('flights-outflow')!.spec.endpoints![0]!.port).toBe('vitals')
  })

  it('has the console scraped only with a token (without one it was a target that is always down)', () => {
    const endpoint = (...args: readonly string[]) =>
      named(render(...args), 'ServiceMonitor').get('flights-outflow')!.spec.endpoints![0]!
    expect(endpoint().relabelings).toEqual([expect.objectContaining({ regex: 'console', action: 'drop' })])
    expect(endpoint('--set', 'serviceMonitor.tokenSecret.name=reader')).not.toHaveProperty('relabelings')
    const deployments = named(render('--set', 'serviceMonitor.enabled=false'), 'Deployment').values()
    const annotated = [...deployments].flatMap(
      ({ spec }) => spec.template!.metadata.annotations['prometheus.io/port'] ?? [],
    )
    expect(annotated.toSorted()).toEqual(['9401', '9402', '9403'])
  })

  it('scales by the lag of the group and the topics that ingest reads, and then sets no number of pods', () => {
    const manifests = render()
    const { triggers } = named(manifests, 'ScaledObject').get('flights-outflow-ingest')!.spec
    expect(triggers).toEqual([
      {
        type: 'kafka',
        metadata: {
          bootstrapServers: 'kafka.kafka.svc:9093',
          consumerGroup: 'outflow-flights',
          topic: 'flights',
          lagThreshold: '20000',
        },
        authenticationRef: { name: 'kafka' },
      },
    ])
    expect(named(manifests, 'Deployment').get('flights-outflow-ingest')!.spec).not.toHaveProperty('replicas')
  })

  it('scales by brokers that are an environment variable (KEDA was given the text ${KAFKA_BROKERS})', () => {
    const [trigger] = named(render('--set', 'config.kafka.brokers=${KAFKA_BROKERS}'), 'ScaledObject').get(
      'flights-outflow-ingest',
    )!.spec.triggers!
    expect(trigger).toMatchObject({ metadata: { bootstrapServersFromEnv: 'KAFKA_BROKERS' } })
    expect(trigger).not.toHaveProperty('metadata.bootstrapServers')
  })

  it.each(['config.kafka.brokers=${HOST}:9092', 'config.source.topics[0]=${TOPIC}', 'config.pipeline=${NAME}'])(
    'refuses to scale by %s, which KEDA does not replace',
    (value) => {
      const { status, stderr } = template('flights', '--set', value)
      expect([status, stderr]).toEqual([1, expect.stringContaining('ingest.scaling cannot read ${NAME}')])
    },
  )

  it('replaces one pod of each service at a time (of eight, two ended before their successors were ready)', () => {
    for (const { spec } of named(render(), 'Deployment').values())
      expect(spec.strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
  })

  it('has text labels also for a release with a name of digits', () => {
    const labels = renderAs('20260101').map(({ metadata }) => metadata.labels['app.kubernetes.io/instance'])
    expect(new Set(labels)).toEqual(new Set(['20260101']))
  })

  it('uses the default ports when config.http is null', () => {
    const [container] = named(render('--set', 'config.http=null'), 'Deployment').get('flights-outflow-ingest')!.spec
      .template!.spec.containers
    expect(container!.ports).toEqual([{ name: 'vitals', containerPort: 9401 }])
  })

  it('contains no Secret; it refers to those of the operator', () => {
    expect([...named(render(), 'Secret').keys()]).toEqual([])
  })

  it('selects deployed pods by every Service and policy', () => {
    const manifests = render()
    const labels = [...named(manifests, 'Deployment').values()].map(({ spec }) => spec.template!.metadata.labels)
    const { metadata } = named(manifests, 'Service').get('flights-outflow-metrics')!
    const monitored = named(manifests, 'ServiceMonitor').get('flights-outflow')!.spec.selector
    expect(metadata.labels).toMatchObject((monitored as { matchLabels: object }).matchLabels)
    for (const kind of ['Service', 'NetworkPolicy', 'PodDisruptionBudget'])
      for (const [name, { spec }] of named(manifests, kind)) {
        const selector = spec.podSelector?.matchLabels ?? spec.selector?.matchLabels ?? spec.selector
        const selected = labels.filter((pod) => Object.entries(selector!).every(([key, value]) => pod[key] === value))
        expect([name, selected.length]).not.toEqual([name, 0])
      }
  })

  it('contains console, scaling and ServiceMonitor only if they are enabled', () => {
    const off = ['console.enabled', 'ingest.scaling.enabled', 'serviceMonitor.enabled'].map((name) => `${name}=false`)
    const manifests = render('--set', off.join(','))
    const services = ['alerts', 'ingest', 'trainer'].map((name) => `flights-outflow-${name}`)
    expect([...named(manifests, 'Deployment').keys()].toSorted()).toEqual(services)
    const kinds = new Set(manifests.map(({ kind }) => kind))
    expect(kinds).toEqual(new Set(['NetworkPolicy', 'PodDisruptionBudget', 'ConfigMap', 'Deployment']))
    expect(named(manifests, 'Deployment').get('flights-outflow-ingest')!.spec.replicas).toBe(2)
  })
})

type Labels = Readonly<Record<string, string>>

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Labels }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: {
    readonly replicas?: number
    readonly strategy?: object
    readonly selector?: Labels & { readonly matchLabels?: Labels }
    readonly podSelector?: { readonly matchLabels: Labels }
    readonly template?: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: Pod
    }
    readonly triggers?: readonly object[]
    readonly endpoints?: readonly { readonly port: string; readonly relabelings?: readonly object[] }[]
  }
}

interface Pod {
  readonly containers: readonly {
    readonly args: readonly string[]
    readonly ports: readonly object[]
    readonly readinessProbe: { readonly httpGet: object }
  }[]
}
