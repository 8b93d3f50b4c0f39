import { readFileSync } from 'node:fs'
import { parseConfig } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** With YAML merge keys resolved, as compose does. */
const compose: Compose = parse(read('compose.yaml'), { merge: true })
const config = parseConfig(parse(read('outflow.yaml')), {
  DATABASE_URL: 'postgres://user:password@host/outflow',
  CONSOLE_TOKEN_SHA256: '0'.repeat(64),
})

test('each service publishes its port on loopback only', () => {
  for (const service of ['ingest', 'trainer', 'alerts', 'console'] as const) {
    const port = config.http.ports[service]
    const { command, ports } = compose.services[service]!
    expect(command).toEqual(['run', service, '--config', '/etc/outflow/outflow.yaml'])
    expect(ports).toEqual([`127.0.0.1:${port}:${port}`])
  }
})

test("the image's health check requests the default port of each service", () => {
  const [, ports] = /const PORTS = \[([^\]]+)\]/.exec(read('healthcheck.mjs'))!
  expect(ports!.split(', ').map(Number)).toEqual(Object.values(config.http.ports).toSorted())
})

test('services log in with every password, which is not a part of the URL (one with / or @ broke it)', () => {
  const { postgres, ...others } = compose.services
  const services = Object.values(others).filter(({ environment = {} }) => 'DATABASE_URL' in environment)
  expect(services).toHaveLength(5)
  for (const { environment } of services) {
    expect(environment!.DATABASE_URL).not.toContain('$')
    expect(environment!.PGPASSWORD).toBe(postgres!.environment!.POSTGRES_PASSWORD)
  }
})

test('every dependency and every volume of a service is defined', () => {
  const services = Object.entries(compose.services)
  const awaited = services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on))
  expect(awaited.filter((name) => !(name in compose.services))).toEqual([])
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!))
  expect(mounted.filter((name) => !name.startsWith('./') && !(name in compose.volumes))).toEqual([])
})

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface ComposeService {
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
}
