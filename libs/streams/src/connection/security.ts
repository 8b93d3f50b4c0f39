import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { KafkaTls, Sasl } from '@outflow/contracts'
import { isRetryable } from '@outflow/errors'
import kafkajs, { type SASLOptions } from 'kafkajs'
import { makeTokenSource } from './token-source.js'

/**
 * Options of Node's TLS; the server's certificate is always verified. The files are read for each connection, since they may have been
 * renewed.
 */
export function tlsOptions({ caFile, certFile, keyFile, serverName }: KafkaTls): ConnectionOptions {
  return {
    get ca() {
      return contentOf(caFile)
    },
    get cert() {
      return contentOf(certFile)
    },
    get key() {
      return contentOf(keyFile)
    },
    ...(serverName !== undefined && { servername: serverName }),
  }
}

function contentOf(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file)
}

/**
 * The login in kafkajs's form. A token is requested when a connection needs one, and shared until it is renewed; a password is read for
 * each connection, since its file may have changed.
 */
export function saslOptions(sasl: Sasl): SASLOptions {
  if (sasl.mechanism === 'oauthbearer') {
    const { clientSecret, clientSecretFile, ...client } = sasl
    const token = makeTokenSource({ ...client, secret: () => secretOf(clientSecret, clientSecretFile) })
    return {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: await token().catch(closeConnection) }),
    }
  }
  const { mechanism, username } = sasl
  return {
    mechanism,
    username,
    get password() {
      return secretOf(sasl.password, sasl.passwordFile)
    },
  } as SASLOptions
}

/**
 * kafkajs has begun the login when it requests the token. Only after an error about the connection does it close it; otherwise the broker
 * refuses the next login there as ILLEGAL_SASL_STATE, which kafkajs does not retry.
 */
function closeConnection(thrown: Error): never {
  const error = new kafkajs.KafkaJSConnectionError(thrown.message)
  throw Object.assign(error, { cause: thrown, retriable: isRetryable(thrown) })
}

/** outflow.yaml has either the secret or the file. */
function secretOf(secret: string | undefined, file: string | undefined): string {
  return secret ?? readFileSync(file!, 'utf8').replace(/\r?\n$/, '')
}
