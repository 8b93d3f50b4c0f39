import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

export interface Certified {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
}

interface CertificateOptions {
  readonly name: string
  /** The signing CA; default: self-signed, as a CA. */
  readonly issuer?: Certified
  /** Addresses of the certificate; default: none. */
  readonly addresses?: readonly string[]
  /** Days until it expires; default 2. A negative value: it has expired. */
  readonly days?: number
}

export function aCertificate({ name, issuer, addresses = [], days = 2 }: CertificateOptions): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`
  certificate.validity.notBefore = daysFromNow(-10)
  certificate.validity.notAfter = daysFromNow(days)
  const subject = [{ name: 'commonName', value: name }]
  certificate.setSubject(subject)
  certificate.setIssuer(
    issuer === undefined ? subject : forge.pki.certificateFromPem(issuer.certificate).subject.attributes,
  )
  certificate.setExtensions([
    { name: 'basicConstraints', cA: issuer === undefined, critical: true },
    ...(addresses.length === 0 ? [] : [{ name: 'subjectAltName', altNames: addresses.map((ip) => ({ type: 7, ip })) }]),
  ])
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? privateKey), forge.md.sha256.create())
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'), key: privateKey }
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000)
}
