import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from './schema.js'

const ajv = new Ajv2020()
addFormats.default(ajv)
const isValid = ajv.compile(configJsonSchema() as object)

const least = {
  pipeline: 'flights',
  kafka: { brokers: 'localhost:9092' },
  postgres: { url: 'postgres://localhost/outflow' },
  source: { topics: ['flights'] },
  features: [{ path: '$.delay', type: 'numeric' }],
  alerts: { topic: 'flights.alerts' },
  deadLetters: { topic: 'flights.dead-letters' },
}

it('describes the keys of outflow.yaml, and accepts a variable where a text must match a pattern', () => {
  const { training, ...required } = { training: {}, ...least }
  expect(isValid(required)).toBe(true)
  for (const key of ['pipeline', 'kafka', 'postgres', 'source', 'features'])
    expect(isValid({ ...least, [key]: undefined })).toBe(false)
  expect(isValid({ ...least, trainings: training })).toBe(false)
  const urls = ['postgres://localhost/outflow', '${DATABASE_URL}', 'mysql://x']
  expect(urls.map((url) => isValid({ ...least, postgres: { url } }))).toEqual([true, true, false])
})

it('accepts the login of the guide, and variables in place of a word, but not as a key (it refused the secret)', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/console-login.md', import.meta.url), 'utf8')
  const { console: login } = parse(/```yaml\n(.*?)```/s.exec(guide)![1]!)
  const isLoginValid = (part: object) =>
    isValid({ ...least, console: { ...login, authentication: { ...login.authentication, ...part } } })
  expect(isLoginValid({})).toBe(true)
  expect(isLoginValid({ sessionSecret: 'short' })).toBe(false)
  expect(isLoginValid({ oidc: { ...login.authentication.oidc, roles: { '${ROLE}': ['staff'] } } })).toBe(false)
  expect(['info', '${LEVEL}', 'loud'].map((level) => isValid({ ...least, log: { level } }))).toEqual([
    true,
    true,
    false,
  ])
})
