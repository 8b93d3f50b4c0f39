import { expect, test } from 'vitest'
import { describeTlsFailure, withCaFix } from './tls-failure.js'

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', '', 'kafka.tls.caFile'],
  ['CERT_HAS_EXPIRED', '', 'renew it'],
  ['INVALID_PURPOSE', 'unsuitable certificate purpose', 'replace it at the server'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Host: a. is not in the certificate', 'kafka.tls.serverName'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', '', 'kafka.tls.certFile'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', '', 'remove kafka.tls'],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', '', 'files that kafka.tls names'],
])('%s has a fix', (code, message, fix) => {
  expect(describeTlsFailure(code, message, 'kafka.tls')?.fix).toContain(fix)
})

test('a port of Postgres without TLS names sslmode too, which also turns TLS on', () => {
  const failure = describeTlsFailure('', 'The server does not support SSL connections', 'postgres.tls')
  expect(failure?.fix).toBe('use its TLS port, or remove postgres.tls, and sslmode in postgres.url')
})

test('an untrusted certificate of a server without caFile, such as a webhook, names NODE_EXTRA_CA_CERTS; other codes stay as they are', () => {
  expect(withCaFix('SELF_SIGNED_CERT_IN_CHAIN')).toMatch(/^SELF_SIGNED_CERT_IN_CHAIN: .*NODE_EXTRA_CA_CERTS$/)
  expect(withCaFix('ECONNREFUSED')).toBe('ECONNREFUSED')
})

test('returns null for an error that is not a TLS failure', () => {
  expect(describeTlsFailure('ECONNREFUSED', 'connect ECONNREFUSED', 'kafka.tls')).toBeNull()
})
