import { randomBytes } from 'node:crypto'
import { BROKER_SETTINGS, toContainerEnvironment } from './broker-settings.js'
import { startContainer } from './container.js'
import type { KafkaComponent, PostgresComponent } from './infrastructure.js'
import type { PartLaunch } from './part-launch.js'
import { probeKafka, probePostgres } from './probes.js'

const DEFAULT_KAFKA_IMAGE = 'apache/kafka:4.1.2'
const DEFAULT_POSTGRES_IMAGE = 'postgres:17'

/**
 * Starts Kafka in a container of OUTFLOW_KAFKA_IMAGE: Apache Kafka's own image, or one that reads the same `KAFKA_…`
 * variables.
 *
 * testcontainers' Kafka module is not used: it supports Confluent's image only, and writes the address into the running
 * container; here the port is chosen before the start.
 */
export async function startKafkaContainer(launch: PartLaunch): Promise<KafkaComponent> {
  const image = process.env.OUTFLOW_KAFKA_IMAGE || DEFAULT_KAFKA_IMAGE
  const { address, control } = await startContainer(
    {
      image,
      containerPort: 9092,
      environment: (advertised) => toContainerEnvironment(containerSettings(advertised)),
      probe: (broker) => probeKafka([broker], 'coordinators'),
    },
    launch,
  )
  return {
    tier: 'testcontainers',
    brokers: [address],
    description: `Kafka of ${image} in a container on ${address}`,
    control,
  }
}

/** Starts Postgres in a container of OUTFLOW_POSTGRES_IMAGE: the official image, or one that reads the same variables. */
export async function startPostgresContainer(launch: PartLaunch): Promise<PostgresComponent> {
  const image = process.env.OUTFLOW_POSTGRES_IMAGE || DEFAULT_POSTGRES_IMAGE
  const password = randomBytes(16).toString('hex')
  const urlOf = (address: string): string => `postgres://outflow:${password}@${address}/outflow`
  const { address, control } = await startContainer(
    {
      image,
      containerPort: 5432,
      environment: () => ({ POSTGRES_USER: 'outflow', POSTGRES_PASSWORD: password, POSTGRES_DB: 'outflow' }),
      command: ['postgres', '-c', 'max_connections=200'],
      probe: (server) => probePostgres(urlOf(server)),
    },
    launch,
  )
  const description = `Postgres of ${image} in a container on ${address}`
  return { tier: 'testcontainers', url: urlOf(address), description, control }
}

/** The broker sends transaction markers to itself, so one listener must be reachable from inside the container. */
function containerSettings(advertised: string): Record<string, string> {
  return {
    ...BROKER_SETTINGS,
    listeners: 'PLAINTEXT://0.0.0.0:9092,INTERNAL://127.0.0.1:19092,CONTROLLER://127.0.0.1:9093',
    'advertised.listeners': `PLAINTEXT://${advertised},INTERNAL://127.0.0.1:19092`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.quorum.voters': '1@127.0.0.1:9093',
  }
}
