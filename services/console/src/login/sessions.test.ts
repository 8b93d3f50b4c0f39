import { expect, test } from 'vitest'
import { testConfig } from '../test-config.js'
import { makeSessions } from './sessions.js'

const sessionSecret = 's'.repeat(32)
const oidc = {
  issuer: 'https://login.example',
  clientId: 'outflow',
  rolesClaim: 'roles',
  roles: { operator: ['sre'] },
}
const sessionsOf = (logins: object) =>
  makeSessions(
    testConfig({ url: 'https://outflow.example', authentication: { sessionSecret, ...logins } }).console.authentication,
  )

test('a session of the provider ends when the configuration no longer has the provider (it lasted eight hours)', async () => {
  const tokens = [{ name: 'ada', role: 'reader', sha256: '0'.repeat(64) }]
  const user = { authentication: 'oidc', name: 'bob', role: 'operator' } as const
  const cookie = await sessionsOf({ oidc }).cookieOf(user)
  expect(await sessionsOf({ oidc, tokens }).userOf(cookie)).toMatchObject(user)
  expect(await sessionsOf({ tokens }).userOf(cookie)).toBeNull()
})
