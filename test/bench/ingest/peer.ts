import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ALERT_EVENT_TYPE } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { modelThreshold, type TrainedDetector } from '@outflow/detector'
import { encodeTable } from '@outflow/encoding'
import { toOnnx } from '@outflow/flow'
import { packFields } from '@outflow/records/fields'
import type { Pool } from '@outflow/store'
import { decodeModel } from '../../../libs/detector/src/artefact.js'
import type { Running } from './running.js'

const PROGRAM = fileURLToPath(new URL('peer.py', import.meta.url))
const PACKAGES = {
  confluent_kafka: 'confluent-kafka',
  numpy: 'numpy',
  onnxruntime: 'onnxruntime',
  orjson: 'orjson',
  psycopg: 'psycopg[binary]',
}

/** @throws {Error} with the packages that this Python lacks */
export async function requirePeerPackages(python: string): Promise<void> {
  const find =
    'import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))'
  const { stdout } = await promisify(execFile)(python, ['-c', find, ...Object.keys(PACKAGES)])
  const missing = stdout.split(/\s+/).filter((name) => name !== '') as (keyof typeof PACKAGES)[]
  if (missing.length === 0) return
  const packages = missing.map((name) => `'${PACKAGES[name]}'`).join(' ')
  throw new Error(`${python} has no ${missing.join(', ')}; run ${python} -m pip install ${packages}`)
}

interface PeerOptions {
  readonly python: string
  readonly brokers: readonly string[]
  readonly postgresUrl: string
  readonly pool: Pool
  readonly folder: string
  readonly name: string
  readonly topic: string
  readonly alertsTopic: string
  readonly model: TrainedDetector
}

/** Starts the Python pipeline of peer.py with outflow's own flow, standardisation and threshold. */
export async function startPeer(options: PeerOptions): Promise<Running> {
  const { pool, folder, name, topic, alertsTopic } = options
  const schema = name.replaceAll('-', '_')
  await pool.query(`
    create schema ${schema};
    create table ${schema}.positions (partition int primary key, next_offset bigint not null);
    create table ${schema}.anomalies (partition int, "offset" bigint, time_ms bigint, record jsonb, nll float8, primary key (partition, "offset"));`)
  const onnx = join(folder, `${name}.onnx`)
  const { onnxBytes, ...parameters } = parametersOf(options.model)
  await writeFile(onnx, onnxBytes)
  const configFile = join(folder, `${name}.json`)
  const config = {
    brokers: options.brokers.join(','),
    postgres: options.postgresUrl,
    ...{ schema, topic, alerts_topic: alertsTopic, alert_type: ALERT_EVENT_TYPE, onnx },
    ...parameters,
  }
  await writeFile(configFile, JSON.stringify(config))
  const startedAtMs = performance.now()
  const child = spawn(options.python, [PROGRAM, configFile], { stdio: ['ignore', 2, 2] })
  const count = async (sql: string) => (await pool.query<{ count: number }>(sql)).rows[0]!.count
  return {
    startedAtMs,
    processes: { python: child.pid! },
    alertsTopic,
    stored: () => count(`select coalesce(sum(next_offset), 0)::float8 as count from ${schema}.positions`),
    anomalies: () => count(`select count(*)::float8 as count from ${schema}.anomalies`),
    unsent: async () => 0,
    stop: async () => {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** Scoring parameters of a model whose numbers are never missing and have a linear scale. */
function parametersOf({ artefact, metadata }: TrainedDetector) {
  const { encoder, flow } = decodeModel(artefact)
  const numbers = encoder.numbers.map(({ centre }) => centre)
  const { addedNll } = encodeTable(encoder, packFields([{ numbers, categories: [] }]))
  return {
    onnxBytes: toOnnx(flow!),
    fields: metadata.features.map(featureName),
    centre: numbers,
    scale: encoder.numbers.map(({ scale }) => scale),
    added_nll: addedNll[0]!,
    threshold: modelThreshold(artefact, metadata.alertRate),
  }
}
