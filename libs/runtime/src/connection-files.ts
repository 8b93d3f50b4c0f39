import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  areSigningSecrets,
  type Config,
  ConfigInvalid,
  type Connection,
  type KafkaTls,
  type PostgresTls,
  type Sasl,
  SECRET_RULE,
  type Webhook,
} from '@outflow/contracts'

/**
 * Makes the configuration independent of its folder: paths of certificates and secrets become absolute, and for Postgres they
 * are added to the connection URL, which all connections use; secrets of webhooks and of the schema registry are read.
 *
 * Checks everything that needs no connection: files that are missing, empty or not PEM, a client certificate that has
 * expired, and a key that belongs to another certificate.
 *
 * @param folder  base of relative paths: the folder of outflow.yaml
 * @throws {ConfigInvalid} naming the key, the file and the fix
 */
export async function locateConnectionFiles(config: Config, folder: string): Promise<Config> {
  const located = await locateSourceFiles(config, folder)
  const postgresTls = config.postgres.tls && absolute(config.postgres.tls, folder)
  await checkTls('postgres.tls', postgresTls)
  await checkUrlFiles(config.postgres.url)
  const passwordFile = config.postgres.passwordFile && resolve(folder, config.postgres.passwordFile)
  const password = passwordFile && (await readSecret('postgres.passwordFile', passwordFile))
  return {
    ...located,
    postgres: { url: urlWith(config.postgres.url, password, postgresTls) },
    alerts: {
      ...config.alerts,
      webhooks: await Promise.all(config.alerts.webhooks.map((webhook, index) => withSecret(webhook, index, folder))),
    },
  }
}

/**
 * The same for brokers and schema registry, which are needed to read a topic.
 *
 * @throws {ConfigInvalid} naming the key, the file and the fix
 */
export async function locateSourceFiles<T extends Pick<Connection, 'kafka' | 'source'>>(
  config: T,
  folder: string,
): Promise<T> {
  const { kafka, source } = config
  const tls = kafka.tls && absolute(kafka.tls, folder)
  const sasl = kafka.sasl && absolute(kafka.sasl, folder)
  await checkTls('kafka.tls', tls)
  await checkSecret(sasl)
  const registry = source.registry && (await withPassword(source.registry, folder))
  return { ...config, kafka: { ...kafka, tls, sasl }, source: { ...source, registry } }
}

async function withSecret({ secretFile, ...webhook }: Webhook, index: number, folder: string): Promise<Webhook> {
  if (secretFile === undefined) return webhook
  const key = `alerts.webhooks[${index}].secretFile`
  const path = resolve(folder, secretFile)
  const secret = await readSecret(key, path)
  if (!areSigningSecrets(secret)) throw invalid(key, path, `it must contain ${SECRET_RULE}`)
  return { ...webhook, secret }
}

async function withPassword({ passwordFile, ...registry }: Registry, folder: string): Promise<Registry> {
  if (passwordFile === undefined) return registry
  return { ...registry, password: await readSecret('source.registry.passwordFile', resolve(folder, passwordFile)) }
}

type Registry = NonNullable<Config['source']['registry']>

/** The same with every path under a key `…File` absolute. */
function absolute<T extends KafkaTls | PostgresTls | Sasl>(files: T, folder: string): T {
  const entries = Object.entries(files).map(([key, value]) => {
    return [key, key.endsWith('File') && value !== undefined ? resolve(folder, value) : value]
  })
  return Object.fromEntries(entries) as T
}

async function checkTls(section: string, tls: PostgresTls | undefined): Promise<void> {
  if (tls?.caFile !== undefined) await certificateIn(`${section}.caFile`, tls.caFile)
  if (tls?.certFile === undefined || tls.keyFile === undefined) return
  const certKey = `${section}.certFile`
  const certificate = await certificateIn(certKey, tls.certFile)
  const validTo = new Date(certificate.validTo)
  if (validTo.getTime() < Date.now()) {
    throw invalid(certKey, tls.certFile, `the certificate expired on ${validTo.toISOString()}; renew it`)
  }
  const keyKey = `${section}.keyFile`
  if (certificate.checkPrivateKey(await keyIn(keyKey, tls.keyFile))) return
  throw invalid(keyKey, tls.keyFile, `it is not the key of ${certKey}; set a certificate and its key`)
}

/** The files that the URL names itself; pg would fail without their names. As in libpq they are relative to the working directory. */
async function checkUrlFiles(url: string): Promise<void> {
  for (const [name, path] of new URL(url).searchParams) {
    if (/^ssl(rootcert|cert|key)$/.test(name) && path !== '') await readText(`postgres.url: ${name}`, path)
  }
}

async function checkSecret(sasl: Sasl | undefined): Promise<void> {
  if (sasl === undefined) return
  const [key, path] =
    sasl.mechanism === 'oauthbearer' ? ['clientSecretFile', sasl.clientSecretFile] : ['passwordFile', sasl.passwordFile]
  if (path !== undefined) await readSecret(`kafka.sasl.${key}`, path)
}

async function certificateIn(key: string, path: string): Promise<X509Certificate> {
  const pem = await readText(key, path)
  try {
    return new X509Certificate(pem)
  } catch {
    throw invalid(key, path, 'it contains no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----')
  }
}

async function keyIn(key: string, path: string): Promise<KeyObject> {
  const pem = await readText(key, path)
  try {
    return createPrivateKey(pem)
  } catch {
    // Without the cause, whose message may quote the file.
    throw invalid(key, path, 'it contains no private key in PEM that can be opened without a passphrase')
  }
}

async function readSecret(key: string, path: string): Promise<string> {
  const secret = (await readText(key, path)).replace(/\r?\n$/, '')
  if (secret === '') throw invalid(key, path, 'it is empty; write the secret into it')
  return secret
}

async function readText(key: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause: unknown) {
    const why = (cause as NodeJS.ErrnoException).code
    const fix = why === 'ENOENT' ? 'there is no such file' : `${why}; check that it is a file that this user may read`
    throw invalid(key, path, fix)
  }
}

function invalid(key: string, path: string, problem: string): ConfigInvalid {
  return new ConfigInvalid(`${key}: ${path}: ${problem}`, { values: { key, path } })
}

/** In libpq's syntax; pg reads the files for each connection, so that renewed ones are used. */
function urlWith(given: string, password: string | undefined, tls: PostgresTls | undefined): string {
  // pg treats these modes as verify-full, and prints a warning that a later version will not.
  const url = given.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, '$1verify-full')
  if (password === undefined && tls === undefined) return url
  const full = new URL(url)
  // A URL without a host, as of a socket, cannot hold it before the host.
  if (password !== undefined) full.searchParams.set('password', password)
  if (tls !== undefined) {
    full.searchParams.set('sslmode', 'verify-full')
    if (tls.caFile !== undefined) full.searchParams.set('sslrootcert', tls.caFile)
    if (tls.certFile !== undefined) full.searchParams.set('sslcert', tls.certFile)
    if (tls.keyFile !== undefined) full.searchParams.set('sslkey', tls.keyFile)
  }
  return full.href
}
