import { AggregatorRegistry } from 'prom-client'
import { type Metrics, makeMetrics } from './metrics.js'
import type { Readiness, Vitals } from './vitals.js'

/** Readiness and metrics of a process, for a server. */
export interface ServedVitals {
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readiness(): Promise<{ readonly ready: boolean }>
}

/**
 * Joins the vitals of several pipelines in one process. It is ready when every pipeline is, and its readiness lists each. Every
 * series has the label of its pipeline; the metrics of the process are included once, without the label.
 *
 * @param pipelines  by name; made with `ofProcess: false`
 */
export function joinVitals(pipelines: ReadonlyMap<string, Vitals>): ServedVitals {
  const own = makeMetrics()
  return {
    metrics: {
      contentType: own.contentType,
      text: async () => {
        const ofPipelines = await Promise.all(Array.from(pipelines.values(), ({ metrics }) => metrics.json()))
        // Prometheus requires all series of a name in one group.
        return `${await own.text()}\n${await AggregatorRegistry.aggregate(ofPipelines).metrics()}`
      },
    },
    readiness: async () => {
      const found = await Promise.all(
        Array.from(pipelines, async ([name, vitals]): Promise<[string, Readiness]> => [name, await vitals.readiness()]),
      )
      return { ready: found.every(([, { ready }]) => ready), pipelines: Object.fromEntries(found) }
    },
  }
}
