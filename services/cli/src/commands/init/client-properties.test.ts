import { describe, expect, it } from 'vitest'
import { connectionOfProperties } from './client-properties.js'

const read = (...lines: readonly string[]) => connectionOfProperties(lines.join('\n'), 'client.properties')
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'

describe('connectionOfProperties', () => {
  it('translates the properties of the Java client', () => {
    expect(
      read(
        '# of the platform team',
        'bootstrap.servers = one:9093,two:9093',
        'security.protocol=SASL_SSL',
        'ssl.truststore.type=PEM',
        'ssl.truststore.location=/etc/kafka/ca.pem',
        'sasl.mechanism: SCRAM-SHA-512',
        `sasl.jaas.config=${SCRAM} required \\`,
        '    username="ada" password="p\\\\"w;d";',
        'schema.registry.url=https://registry:8081',
        'basic.auth.credentials.source=USER_INFO',
        'basic.auth.user.info=ada:s3:cret',
        'acks=all',
      ),
    ).toEqual({
      document: {
        kafka: {
          brokers: 'one:9093,two:9093',
          tls: { caFile: '/etc/kafka/ca.pem' },
          sasl: { mechanism: 'scram-sha-512', username: 'ada', password: '${KAFKA_PASSWORD}' },
        },
        source: {
          registry: { url: 'https://registry:8081', username: 'ada', password: '${SCHEMA_REGISTRY_PASSWORD}' },
        },
      },
      secrets: { KAFKA_PASSWORD: 'p"w;d', SCHEMA_REGISTRY_PASSWORD: 's3:cret' },
    })
  })

  it('translates the properties of librdkafka', () => {
    expect(
      read(
        'metadata.broker.list=one:9093',
        'security.protocol=sasl_ssl',
        'ssl.ca.location=ca.pem',
        'ssl.certificate.location=client.pem',
        'ssl.key.location=client.key',
        'sasl.mechanisms=PLAIN',
        'sasl.username=ada',
        'sasl.password=pw',
      ),
    ).toEqual({
      document: {
        kafka: {
          brokers: 'one:9093',
          tls: { caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.key' },
          sasl: { mechanism: 'plain', username: 'ada', password: '${KAFKA_PASSWORD}' },
        },
      },
      secrets: { KAFKA_PASSWORD: 'pw' },
    })
  })

  it('translates client credentials for tokens, and TLS with the CAs that Node trusts', () => {
    const { document, secrets } = read(
      'security.protocol=SASL_SSL',
      'sasl.mechanism=OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url=https://login/token',
      'sasl.jaas.config=a.B required clientId="me" clientSecret="geheim" scope="kafka";',
    )
    expect(document.kafka).toEqual({
      tls: true,
      sasl: {
        mechanism: 'oauthbearer',
        tokenEndpoint: 'https://login/token',
        clientId: 'me',
        clientSecret: '${KAFKA_CLIENT_SECRET}',
        scope: 'kafka',
      },
    })
    expect(secrets).toEqual({ KAFKA_CLIENT_SECRET: 'geheim' })
  })

  it('takes the first schema registry of a list (its URL was the whole list)', () => {
    const { document } = read('schema.registry.url=http://r1:8081, http://r2:8081')
    expect(document).toMatchObject({ source: { registry: { url: 'http://r1:8081' } } })
  })

  it('translates properties without TLS and SASL', () => {
    expect(read('bootstrap.servers=one:9092').document).toEqual({ kafka: { brokers: 'one:9092' } })
  })

  it.each([
    [
      'a Java keystore',
      ['security.protocol=SSL', 'ssl.truststore.location=/k.jks'],
      'ssl.truststore.location: JKS cannot be read; convert it to PEM',
    ],
    [
      'PEM text',
      ['security.protocol=SSL', 'ssl.truststore.certificates=-----BEGIN'],
      'ssl.truststore.certificates: write the PEM text to a file',
    ],
    ['Kerberos', ['security.protocol=SASL_PLAINTEXT'], 'sasl.mechanism: found GSSAPI; allowed: PLAIN, '],
    [
      'a login without a name',
      ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN'],
      'sasl.jaas.config: it has no username',
    ],
    ['an unknown protocol', ['security.protocol=TLS'], 'security.protocol: found TLS; allowed: PLAINTEXT, SSL, '],
  ])('names the property that it cannot use: %s', (_, lines, message) => {
    expect(() => read(...lines)).toThrow(`client.properties: ${message}`)
  })
})
