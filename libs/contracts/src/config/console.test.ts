import { expect, it } from 'vitest'
import { consoleSchema, listenHost } from './console.js'

const token = { name: 'ada', role: 'analyst', sha256: 'a'.repeat(64) }
const oidc = { issuer: 'https://login.example', clientId: 'outflow', roles: { reader: ['staff'] } }
const problemsOf = (config: object) =>
  consoleSchema.safeParse(config).error?.issues.map(({ path }) => path.join('.')) ?? []

it('listens on loopback without authentication by default', () => {
  expect(consoleSchema.parse({})).toEqual({ host: '127.0.0.1' })
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) expect(problemsOf({ host })).toEqual([])
})

it('accepts an IPv6 address in the brackets of a URL, and listens without them', () => {
  expect(consoleSchema.parse({ host: '[::1]' })).toEqual({ host: '::1' })
  expect(listenHost.parse('[]')).toBe('[]')
})

it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example', 'example'])(
  'requires authentication on %s',
  (host) => {
    expect(problemsOf({ host })).toEqual(['host'])
    expect(problemsOf({ host, authentication: {} })).toEqual(['authentication'])
    expect(problemsOf({ host, authentication: { tokens: [token] } })).toEqual([])
  },
)

it('requires the SHA-256 of each token, and unique names', () => {
  expect(problemsOf({ authentication: { tokens: [{ ...token, sha256: 'the token itself' }] } })).toEqual([
    'authentication.tokens.0.sha256',
  ])
  expect(problemsOf({ authentication: { tokens: [token, token] } })).toEqual(['authentication.tokens.1.name'])
})

it('requires https for the provider, the URL for its redirects, a role and a long session secret', () => {
  const url = 'https://outflow.example'
  expect(problemsOf({ authentication: { oidc } })).toEqual(['url'])
  expect(problemsOf({ url, authentication: { oidc } })).toEqual([])
  expect(problemsOf({ url, authentication: { oidc: { ...oidc, issuer: 'http://login.example' } } })).toEqual([
    'authentication.oidc.issuer',
  ])
  expect(problemsOf({ url, authentication: { oidc: { ...oidc, roles: {} } } })).toEqual(['authentication.oidc.roles'])
  expect(problemsOf({ url, authentication: { oidc, sessionSecret: 'short' } })).toEqual([
    'authentication.sessionSecret',
  ])
})

it('refuses a URL with a path, which links and the redirect of a login would lose', () => {
  for (const url of ['https://outflow.example', 'https://outflow.example:8443/'])
    expect(problemsOf({ url })).toEqual([])
  for (const url of ['https://example.org/outflow', 'https://example.org/?a', 'ftp://example.org', 'example.org']) {
    expect(problemsOf({ url })).toEqual(['url'])
  }
})
