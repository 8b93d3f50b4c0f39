import { type Config, parseConfig } from '@outflow/contracts'

/** The configuration of a pipeline with one number and without servers, as in outflow.yaml. @param parts  replace the defaults */
export const documentWith = (parts: object) => ({
  pipeline: 'flights',
  kafka: { brokers: ['127.0.0.1:1'] },
  postgres: { url: 'postgres://127.0.0.1:1/none' },
  source: { topics: ['flights'] },
  features: [{ path: '$.delay', type: 'numeric' }],
  alerts: { topic: 'flights.alerts' },
  deadLetters: { topic: 'flights.dead' },
  ...parts,
})

export const configWith = (parts: object): Config => parseConfig(documentWith(parts), {})
