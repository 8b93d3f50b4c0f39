import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { makeAddressRule, permittedLookup, requirePermitted } from './addresses.js'
import { WebhookAddressRefused } from './errors.js'

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254', // cloud providers serve credentials here
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '::ffff:10.0.0.1', // IPv4 in IPv6, as are the next three
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  '::127.0.0.1', // issue 17.28
  '::7f00:1',
  '4000::1',
  '2002:a00:1::',
])('%s is not sent to unless it is listed', (address) => {
  expect(makeAddressRule('hooks.example', [])(address)).toBe(false)
  expect(makeAddressRule('hooks.example', ['hooks.example'])(address)).toBe(true)
  expect(makeAddressRule('hooks.example', [address])(address)).toBe(true)
})

test('public addresses are permitted', () => {
  const permits = makeAddressRule('hooks.example', [])
  expect(['93.184.216.34', '2606:2800:220:1::1'].map(permits)).toEqual([true, true])
})

test('a network permits the addresses in it, also as IPv4 in IPv6, and a host only itself', () => {
  const permits = makeAddressRule('hooks.example', ['10.1.0.0/16', 'fd00:1::/32', 'other.example'])
  expect(['10.1.255.1', '10.2.0.1', '::ffff:10.1.0.1', 'fd00:1::9', 'fd00:2::9', '127.0.0.1'].map(permits)).toEqual([
    true,
    false,
    true,
    true,
    false,
    false,
  ])
})

/** The result of a lookup of a name that resolves to these addresses. */
async function lookUp(addresses: readonly string[], all: boolean): Promise<unknown> {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const lookup = permittedLookup(makeAddressRule('h', []), (_, done) => done(null, found))
  return new Promise((resolve, reject) =>
    lookup('h', { all }, (error, address) => (error === null ? resolve(address) : reject(error))),
  )
}

test('the lookup of a name returns only its permitted addresses', async () => {
  expect(await lookUp(['10.0.0.1', '93.184.216.34', '::1'], true)).toEqual([{ address: '93.184.216.34', family: 4 }])
  expect(await lookUp(['10.0.0.1', '93.184.216.34'], false)).toBe('93.184.216.34')
  await expect(lookUp(['10.0.0.1', '::1'], true)).rejects.toThrow('h resolves to 10.0.0.1, ::1')
  await expect(lookUp([], false)).rejects.toBeInstanceOf(WebhookAddressRefused)
})

test('an address in the URL is checked by the same rule', () => {
  const permits = makeAddressRule('127.0.0.1', [])
  expect(() => requirePermitted('127.0.0.1', permits)).toThrow(
    new WebhookAddressRefused(
      '127.0.0.1 is not a public address; if intended, set allow: ["127.0.0.1"] of the webhook',
    ),
  )
  expect(() => requirePermitted('hooks.example', permits)).not.toThrow()
})

test('a name with several addresses that are not public is refused with all of them, each to be allowed', async () => {
  const addresses = ['127.0.0.1', '10.0.0.1'].map((address) => ({ address, family: 4 }))
  const lookup = permittedLookup(makeAddressRule('hooks.example', []), (_, done) => done(null, addresses))
  const error = await new Promise((resolve) => lookup('hooks.example', {}, resolve))
  expect(error).toMatchObject({
    message:
      'hooks.example resolves to 127.0.0.1, 10.0.0.1, which is not a public address; if intended, set ' +
      'allow: ["127.0.0.1","10.0.0.1"] of the webhook',
  })
})
