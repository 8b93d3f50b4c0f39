import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { aConsole, type ConsoleUnderTest } from '../support/a-console.js'
import { pool, url } from '../support/a-pool.js'
import { aBrowser, type BrowserUnderTest } from '../support/browser-cookies.js'
import { aCertifiedIssuer, followRedirects } from '../support/certified-issuer.js'
import { aFakeIssuer, type FakeIssuer } from '../support/fake-issuer.js'
import { onLoopback } from '../support/on-loopback.js'

const TOKEN = 'the-token-of-ada'

let issuer: FakeIssuer
let console: ConsoleUnderTest

beforeAll(async () => {
  issuer = await aFakeIssuer('outflow')
  console = await openConsole()
})

afterAll(async () => {
  await console.close()
  await issuer.close()
})

const openConsole = (authentication: object = {}): Promise<ConsoleUnderTest> =>
  aConsole({
    databaseUrl: url,
    pipeline: 'flights',
    console: {
      url: 'https://outflow.example',
      authentication: {
        tokens: [{ name: 'ada', role: 'operator', sha256: createHash('sha256').update(TOKEN).digest('hex') }],
        oidc: {
          issuer: issuer.url,
          clientId: 'outflow',
          clientSecret: 'a-client-secret',
          rolesClaim: 'realm_access.roles',
          roles: { reader: ['staff'], analyst: ['analysts', 'sre'] },
        },
        sessionSecret: 'a secret of more than thirty-two characters',
        ...authentication,
      },
    },
  })

/** A browser that is logged in by the token of ada. */
async function aLoggedInBrowser(): Promise<BrowserUnderTest> {
  const browser = aBrowser(console)
  await browser.ask('/api/session', { method: 'POST', body: JSON.stringify({ token: TOKEN }) })
  return browser
}

/** Logs in as a browser does: goes to the provider, and returns with its code. */
async function logInByProvider(
  browser: BrowserUnderTest,
  to = '/anomalies',
): Promise<Awaited<ReturnType<BrowserUnderTest['ask']>>> {
  const away = await browser.ask(`/api/login?to=${encodeURIComponent(to)}`)
  expect(away.status).toBe(302)
  const back = await fetch(away.headers.get('location')!, { redirect: 'manual' })
  const { pathname, search, origin } = new URL(back.headers.get('location')!)
  expect(origin).toBe('https://outflow.example')
  return browser.ask(pathname + search)
}

const retrain = (browser: BrowserUnderTest, headers: Record<string, string> = {}) =>
  browser.ask('/api/retrain', { method: 'POST', headers, body: '{}' })

describe('a session by token', () => {
  it('is in a cookie that is not available to scripts and other sites', async () => {
    const browser = aBrowser(console)
    const { status, headers, body } = await browser.ask('/api/session', {
      method: 'POST',
      body: JSON.stringify({ token: TOKEN }),
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'ada', role: 'operator', authentication: 'token' })
    const cookie = headers.getSetCookie().find((line) => line.startsWith('outflow_session='))!
    for (const flag of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(flag)
    expect(cookie).not.toContain(TOKEN)
    expect((await browser.ask('/api/session')).body).toMatchObject({ name: 'ada' })
  })

  it('is refused, with the address to open, to a page over http whose browser would drop the cookie', async () => {
    const logIn = (origin: string) =>
      console.ask('/api/session', { method: 'POST', headers: { origin }, body: JSON.stringify({ token: TOKEN }) })
    expect(await logIn('http://outflow.example')).toMatchObject({
      status: 403,
      body: { detail: 'a browser keeps the session over https only; open the console at https://outflow.example' },
    })
    for (const origin of ['https://outflow.example', 'http://127.0.0.1:9404']) {
      expect((await logIn(origin)).status).toBe(201)
    }
  })

  it('writes from the page of the console, and never from that of another site', async () => {
    const browser = await aLoggedInBrowser()
    expect((await retrain(browser)).status).toBe(403)
    expect((await retrain(browser, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await retrain(browser, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await retrain(browser, { 'sec-fetch-site': 'same-origin' })).status).toBe(202)
    // A proxy may send a Host of its own.
    expect((await retrain(browser, { origin: 'https://outflow.example' })).status).toBe(202)
    expect((await retrain(browser, { origin: console.url })).status).toBe(202)
    expect((await console.ask('/api/retrain', { token: TOKEN, method: 'POST', body: '{}' })).status).toBe(202)
  })

  it('ends when the browser logs out', async () => {
    const browser = await aLoggedInBrowser()
    const out = await browser.ask('/api/session', { method: 'DELETE', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(out.status).toBe(204)
    expect((await browser.ask('/api/session')).status).toBe(401)
  })

  it('is valid at another instance, and ends with its token', async () => {
    const browser = await aLoggedInBrowser()
    const cookie = `outflow_session=${browser.cookies.get('outflow_session')}`
    const second = await openConsole()
    expect((await second.ask('/api/session', { headers: { cookie } })).body).toMatchObject({ name: 'ada' })
    await second.close()
    const revoked = await openConsole({ tokens: [{ name: 'eve', role: 'reader', sha256: '0'.repeat(64) }] })
    expect((await revoked.ask('/api/session', { headers: { cookie } })).status).toBe(401)
    await revoked.close()
  })

  it('requires a valid token, and limits the number of guesses', async () => {
    const guess = () => console.ask('/api/session', { method: 'POST', body: JSON.stringify({ token: 'a guess' }) })
    const first = await guess()
    expect(first).toMatchObject({ status: 401, body: { title: 'Unauthorized' } })
    let last = first
    for (let n = 0; n < 25 && last.status === 401; n++) last = await guess()
    expect(last).toMatchObject({ status: 429, body: { title: 'Too Many Requests' } })
  })
})

describe('a session by OpenID', () => {
  it('admits a user who has a role, with the highest of them, and returns to the requested page', async () => {
    issuer.claims = { realm_access: { roles: ['staff', 'sre', 'other'] } }
    const browser = aBrowser(console)
    const back = await logInByProvider(browser, '/anomalies?severity=high')
    expect(back).toMatchObject({ status: 302 })
    expect(back.headers.get('location')).toBe('/anomalies?severity=high')
    expect((await browser.ask('/api/session')).body).toMatchObject({
      name: 'ada',
      role: 'analyst',
      authentication: 'oidc',
    })
    expect(issuer.asked.at(-1)!.get('code_verifier')).toMatch(/^[\w-]{43,}$/)
    const { rows } = await pool.query(
      `select actor, authentication, action, outcome from analyst.audit order by id desc limit 1`,
    )
    expect(rows).toEqual([{ actor: 'ada', authentication: 'oidc', action: 'log in', outcome: 'done' }])
  })

  it('works with a certified provider, which validates requests strictly', async () => {
    const certified = await aCertifiedIssuer({
      id: 'outflow',
      secret: 'a-client-secret',
      redirectUri: 'https://outflow.example/api/login/callback',
    })
    onTestFinished(() => certified.close())
    const consoleOf = async (clientSecret: string) => {
      const login = { issuer: certified.url, clientId: 'outflow', clientSecret, rolesClaim: 'roles' }
      const opened = await openConsole({ oidc: { ...login, roles: { analyst: ['sre'] } } })
      onTestFinished(() => opened.close())
      return aBrowser(opened)
    }
    const logIn = async (browser: BrowserUnderTest) => {
      const away = await browser.ask('/api/login?to=/scores')
      const { pathname, search } = await followRedirects(away.headers.get('location')!)
      return browser.ask(pathname + search)
    }
    const browser = await consoleOf('a-client-secret')
    const back = await logIn(browser)
    expect([back.status, back.headers.get('location')]).toEqual([302, '/scores'])
    expect((await browser.ask('/api/session')).body).toMatchObject({ name: 'ada', role: 'analyst' })

    const withOtherSecret = await consoleOf('another-secret')
    expect(await logIn(withOtherSecret)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('clientSecret under console.authentication.oidc') },
    })
    expect((await withOtherSecret.ask('/api/session')).status).toBe(401)
  })

  it.each([
    ['has no role here', { realm_access: { roles: ['visitor'] } }, false],
    ['has no claim at all', {}, false],
    ['brings an ID token of another login', { nonce: 'another', realm_access: { roles: ['sre'] } }, false],
    ['brings an ID token for somebody else', { aud: 'another-client', realm_access: { roles: ['sre'] } }, false],
    ['brings an ID token of another issuer', { iss: 'https://evil.example', realm_access: { roles: ['sre'] } }, false],
    ['brings an ID token that somebody forged', { realm_access: { roles: ['sre'] } }, true],
  ])('refuses who %s', async (_, claims, forge) => {
    Object.assign(issuer, { claims, forge })
    const browser = aBrowser(console)
    expect(await logInByProvider(browser)).toMatchObject({ status: 403, body: { title: 'Forbidden' } })
    expect((await browser.ask('/api/session')).status).toBe(401)
    issuer.forge = false
  })

  it('says why a provider cannot be used, and which key to check', async () => {
    const gone = await onLoopback(createServer())
    await gone.close()
    const opened = await openConsole({ oidc: { issuer: gone.url, clientId: 'outflow', roles: { analyst: ['sre'] } } })
    onTestFinished(() => opened.close())
    expect(await opened.ask('/api/login')).toMatchObject({
      status: 503,
      body: { detail: expect.stringMatching(/ECONNREFUSED; check console\.authentication\.oidc\.issuer$/) },
    })
  })

  it('rejects a code that this browser did not request', async () => {
    issuer.claims = { realm_access: { roles: ['sre'] } }
    expect((await console.ask('/api/login/callback?code=the-code&state=x')).status).toBe(403)
    const browser = aBrowser(console)
    await browser.ask('/api/login')
    expect(await browser.ask('/api/login/callback?code=the-code&state=another')).toMatchObject({
      status: 403,
      body: { detail: 'another login has begun in this browser since; start again' },
    })
  })

  it('states the provider\'s answer to a user who cancels (it was "authorization response from the server is an error")', async () => {
    const browser = aBrowser(console)
    const { headers } = await browser.ask('/api/login')
    const state = new URL(headers.get('location')!).searchParams.get('state')!
    const answer = new URLSearchParams({ state, error: 'access_denied', error_description: 'the user cancelled' })
    expect(await browser.ask(`/api/login/callback?${answer}`)).toMatchObject({
      status: 403,
      body: {
        detail: 'the login did not succeed: the provider answered access_denied (the user cancelled); start again',
      },
    })
  })

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/ x'])(
    'does not redirect to %s',
    async (to) => {
      expect((await console.ask(`/api/login?to=${encodeURIComponent(to)}`)).status).toBe(400)
    },
  )
})
