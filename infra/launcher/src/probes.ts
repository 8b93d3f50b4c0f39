import { Kafka, logLevel } from 'kafkajs'
import pg from 'pg'

const PROBE_TIMEOUT_MS = 2_000
/** Id of the group and the transaction by which the coordinators are probed. */
const PROBE_ID = 'outflow-launcher-probe'

/** Resolves with the server's version, e.g. `17.10`, when Postgres answers a statement. */
export async function probePostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PROBE_TIMEOUT_MS })
  client.on('error', () => {}) // a connection lost between statements fails the statement too
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]!.server_version.split(' ')[0]!
  } finally {
    await client.end().catch(() => {})
  }
}

/** Resolves when the cluster has a broker and, with scope `coordinators`, the coordinators of groups and of transactions answer. */
export async function probeKafka(brokers: readonly string[], scope: 'cluster' | 'coordinators'): Promise<void> {
  const kafka = new Kafka({
    clientId: PROBE_ID,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: PROBE_TIMEOUT_MS,
    requestTimeout: PROBE_TIMEOUT_MS,
    retry: { retries: 0 }, // the caller retries, and checks whether the process has ended
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const cluster = await admin.describeCluster()
    if (cluster.brokers.length === 0) throw new Error('the cluster has no broker yet')
    if (scope === 'coordinators') {
      await admin.fetchOffsets({ groupId: PROBE_ID })
      await probeTransactions(kafka)
    }
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

async function probeTransactions(kafka: Kafka): Promise<void> {
  const producer = kafka.producer({ transactionalId: PROBE_ID, maxInFlightRequests: 1, retry: { retries: 0 } })
  try {
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.abort()
  } finally {
    await producer.disconnect().catch(() => {})
  }
}
