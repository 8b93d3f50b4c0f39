import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { KafkaTls, Sasl } from '@outflow/contracts'
import { isRetryable } from '@outflow/errors'
import kafkajs, { type SASLOptions } from 'kafkajs'
import { makeTokenSource } from './token-source.js'

/** Reads the files into options of Node's TLS; the server's certificate is always verified. */
export function tlsOptions({ caFile, certFile, keyFile, serverName }: KafkaTls): ConnectionOptions {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    ...(serverName !== undefined && { servername: serverName }),
  }
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
