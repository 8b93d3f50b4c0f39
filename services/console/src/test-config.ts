import { type Config, parseConfig } from '@outflow/contracts'

/** The smallest configuration. @param settings  of `console` */
export const testConfig = (settings: object = {}): Config =>
  parseConfig(
    {
      pipeline: 'flights',
      kafka: { brokers: 'localhost:1' },
      postgres: { url: 'postgres://localhost/outflow' },
      source: { topics: ['flights'] },
      features: [{ path: '$.delay', type: 'numeric' }],
      alerts: { topic: 'flights.alerts' },
      deadLetters: { topic: 'flights.dead' },
      console: settings,
    },
    {},
  )
