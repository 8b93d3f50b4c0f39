interface DemoServers {
  readonly brokers: readonly string[]
  readonly databaseUrl: string
  /** Suffix of the names of pipeline and topics: a broker that the user provides may have a topic `flights` already. */
  readonly suffix: string
}

export function demoConfig({ brokers, databaseUrl, suffix }: DemoServers) {
  const topic = `flights${suffix}`
  return {
    pipeline: topic,
    kafka: { brokers },
    postgres: { url: databaseUrl },
    source: { topics: [topic], format: 'json', timestamp: '$.date', key: '$.origin', tombstones: 'reject' },
    features: [
      { path: '$.delay', type: 'numeric' },
      { path: '$.distance', type: 'numeric', scale: 'log' },
      { path: '$.origin', type: 'categorical' },
      { path: '$.destination', type: 'categorical' },
      { path: '$.date', type: 'cyclic', period: 'day' },
    ],
    training: { every: '1h', window: '24h', minRows: 2_000, contamination: 0.01, seed: 1 },
    // Recalibration by the minute would make the number of anomalies depend on the second at which the demo begins.
    detection: { alertRate: 0.01, recalibrateWithin: 1 },
    alerts: { topic: `${topic}.alerts` },
    deadLetters: { topic: `${topic}.dead-letters` },
    http: { ports: { all: 0, ingest: 0, trainer: 0, alerts: 0, console: 0 } },
  }
}
