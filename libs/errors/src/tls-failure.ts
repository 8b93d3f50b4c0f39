/**
 * Describes why a TLS connection failed, and how to fix it; null for an error that is not a TLS failure.
 *
 * @param code     error code of Node or OpenSSL, such as `CERT_HAS_EXPIRED`
 * @param message  its message; only the message has the names that do not match a certificate
 * @param section  section of outflow.yaml that configures TLS, such as `kafka.tls`
 */
export function describeTlsFailure(code: string, message: string, section: string) {
  if (UNTRUSTED.has(code)) {
    return {
      problem: `its certificate is signed by none of the CAs trusted here (${code})`,
      fix: `set the PEM file of its CA as ${section}.caFile`,
    }
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      problem: `its certificate, or one above it, has expired (${code})`,
      fix: `renew it at the server, or its CA in ${section}.caFile`,
    }
  }
  if (REFUSED.has(code)) {
    return { problem: `its certificate is not accepted: ${message} (${code})`, fix: 'replace it at the server' }
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return { problem: `its certificate is not valid yet (${code})`, fix: 'compare the clocks of both machines' }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = message.replace(/^.*?(?=Host: |IP: )/s, '').replace(/\.$/, '')
    const hint = section === 'kafka.tls' ? ', or set kafka.tls.serverName' : ''
    return { problem: `its certificate is for another name (${names})`, fix: `connect by a name that it has${hint}` }
  }
  if (NOT_TLS.test(code) || NOT_TLS.test(message)) {
    const inUrl = section === 'postgres.tls' ? ', and sslmode in postgres.url' : ''
    return { problem: 'the port does not use TLS', fix: `use its TLS port, or remove ${section}${inUrl}` }
  }
  if (/^ERR_SSL_.*ALERT/.test(code)) {
    return {
      problem: `it does not accept the client certificate, or the lack of one (${code})`,
      fix: `set one that it accepts as ${section}.certFile, and its key as ${section}.keyFile`,
    }
  }
  if (!/^ERR_(SSL|OSSL|TLS)_/.test(code)) return null
  return { problem: `${message} (${code})`, fix: `check the files that ${section} names` }
}

/** The code of a failed connection to a server for which outflow.yaml has no CA; if its CA is not trusted, with the fix. */
export function withCaFix(code: string): string {
  return UNTRUSTED.has(code)
    ? `${code}: name the PEM file of its CA in the environment variable NODE_EXTRA_CA_CERTS`
    : code
}

const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
])
/** Of a certificate that its CA has signed, such as one for clients only. */
const REFUSED = new Set([
  'INVALID_PURPOSE',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REJECTED',
  'CERT_REVOKED',
])
const NOT_TLS = /WRONG_VERSION_NUMBER|does not support SSL connections/
