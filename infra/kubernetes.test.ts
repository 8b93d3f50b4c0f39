import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const folder = fileURLToPath(new URL('./kubernetes/', import.meta.url))
const config = parseConfig(parse(read('base/outflow.yaml')), { DATABASE_URL: 'postgres://user:password@host/outflow' })

test('the pods serve their vitals where probes and Prometheus ask', () => {
  expect(config.http.host).toBe('0.0.0.0')
  for (const service of ['ingest', 'trainer', 'alerts'] as const) {
    const { template } = parse(read(`base/${service}.yaml`)).spec
    const [{ args, ports }] = template.spec.containers
    expect(args).toEqual(['run', service, '--config', '/etc/outflow/outflow.yaml'])
    expect(ports).toEqual([{ name: 'vitals', containerPort: config.http.ports[service] }])
    expect(template.metadata.annotations['prometheus.io/port']).toBe(String(config.http.ports[service]))
  }
})

test('the console is served where its probes and its Service ask', () => {
  const [deployment, service] = parseAllDocuments(read('console/console.yaml')).map((document) => document.toJS())
  const [{ args, ports }] = deployment.spec.template.spec.containers
  expect(args).toEqual(['run', 'console', '--config', '/etc/outflow/outflow.yaml'])
  expect(ports).toEqual([{ name: 'vitals', containerPort: config.http.ports.console }])
  expect(service.spec.selector).toEqual(deployment.spec.selector.matchLabels)
  expect(service.spec.ports[0].targetPort).toBe('vitals')
})

test('scaling asks for the lag of the group and topic that ingest reads', () => {
  const { metadata } = parse(read('scale-on-lag/scaled-object.yaml')).spec.triggers[0]
  expect(metadata).toMatchObject({
    bootstrapServers: config.kafka.brokers.join(','),
    consumerGroup: `outflow-${config.pipeline}`,
    topic: config.source.topics.join(','),
  })
})

test('each manifest is named by its kustomization', () => {
  for (const part of ['base', 'console', 'every-service', 'scale-on-lag']) {
    const { resources = [], patches = [], configMapGenerator = [] } = parse(read(`${part}/kustomization.yaml`))
    const named = [
      ...resources,
      ...patches.flatMap(({ path }: { path?: string }) => path ?? []),
      ...configMapGenerator.flatMap(({ files }: { files: string[] }) => files),
    ]
    expect(['kustomization.yaml', ...named].toSorted()).toEqual(readdirSync(`${folder}${part}`).toSorted())
  }
})

test('no manifest holds a secret: they name the one that the operator makes', () => {
  const kinds = readdirSync(`${folder}base`).flatMap((file) =>
    parseAllDocuments(read(`base/${file}`)).map((document) => document.toJS()?.kind),
  )
  expect(kinds).toContain('Deployment')
  expect(kinds).not.toContain('Secret')
})

function read(path: string): string {
  return readFileSync(`${folder}${path}`, 'utf8')
}
