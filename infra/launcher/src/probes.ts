import { describeCluster, makeKafka, requireGroup, requireTransactionalId } from '@outflow/streams'
import pg from 'pg'

const PROBE_TIMEOUT_MS = 2_000
/** Client id, and id of the group and the transaction whose coordinators are requested. */
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

/** Resolves when the cluster has a broker and, with scope `coordinators`, coordinators of groups and of transactions. */
export async function probeKafka(brokers: readonly string[], scope: 'cluster' | 'coordinators'): Promise<void> {
  // One retry: kafkajs reads the brokers' addresses after the first response that names a coordinator. The caller retries the rest.
  const kafka = makeKafka({ brokers, clientId: PROBE_ID, retries: 1, requestTimeoutMs: PROBE_TIMEOUT_MS })
  const cluster = await describeCluster(kafka)
  if (cluster.brokers === 0) throw new Error('the cluster has no broker yet')
  if (scope === 'cluster') return
  await requireGroup(kafka, PROBE_ID)
  await requireTransactionalId(kafka, PROBE_ID)
}
