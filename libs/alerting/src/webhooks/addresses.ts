import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { WebhookAddressRefused } from './errors.js'

/** Returns whether outflow may connect to an address. */
type AddressRule = (address: string) => boolean

/**
 * Permits public unicast addresses; other addresses only if `allow` contains the address, a network that it is in, or the
 * webhook's host.
 *
 * @param host   of the webhook's URL
 * @param allow  hosts, addresses and networks
 */
export function makeAddressRule(host: string, allow: readonly string[]): AddressRule {
  if (allow.some((entry) => entry.toLowerCase() === host.toLowerCase())) return () => true
  const networks = allow.flatMap((entry) => {
    const [address = '', bits] = entry.split('/')
    if (isIP(address) === 0) return []
    const network = ipaddr.process(address)
    return [{ network, bits: bits === undefined ? 8 * network.toByteArray().length : Number(bits) }]
  })
  return (text) => {
    const address = ipaddr.process(text)
    if (address.range() === 'unicast' && isAllocated(address)) return true
    return networks.some(({ network, bits }) => network.kind() === address.kind() && address.match(network, bits))
  }
}

/** All public IPv6 is in 2000::/3; other blocks have special meanings, such as IPv4 in ::/96, and `range()` does not cover all. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

const isAllocated = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.kind() === 'ipv4' || address.match(PUBLIC_IPV6)

export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/**
 * Returns a DNS lookup for http.request that yields permitted addresses only. The connection goes to an address that this same
 * lookup has checked, which prevents DNS rebinding.
 */
export function permittedLookup(permits: AddressRule, resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return done(error, [])
      const permitted = addresses.filter(({ address }) => permits(address))
      const [first] = permitted
      if (first === undefined) return done(refusal(hostname, addresses), [])
      return options.all ? done(null, permitted) : done(null, first.address, first.family)
    })
  }
}

/** Checks a host that is an address, since Node connects to it without a lookup. @throws {WebhookAddressRefused} */
export function requirePermitted(host: string, permits: AddressRule): void {
  const family = isIP(host)
  if (family !== 0 && !permits(host)) throw refusal(host, [{ address: host, family }])
}

function refusal(host: string, addresses: readonly LookupAddress[]): WebhookAddressRefused {
  const found = addresses.map(({ address }) => address)
  const what = found[0] === host ? `${host} is not` : `${host} resolves to ${found.join(', ')}, which is not`
  const allow = JSON.stringify(found)
  return new WebhookAddressRefused(`${what} a public address; if intended, set allow: ${allow} of the webhook`)
}
