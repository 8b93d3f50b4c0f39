import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { answerInTime } from './answer-in-time.js'

/** Metrics of a process: named instruments, and all of them as Prometheus text. */
export interface Metrics {
  /** @param name  ends in `_total` */
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[]): Gauge<L>
  /** A gauge that is read when it is scraped; NaN when reading fails or takes longer than two seconds. */
  gaugeOf(name: string, help: string, read: () => number | Promise<number>): void
  /** @param buckets  upper bounds in the unit that `name` ends with, ascending */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ): Histogram<L>
  /** Everything measured so far, in the format that Prometheus scrapes. */
  text(): Promise<string>
  /** The same, in the form in which prom-client joins registries. */
  json(): Promise<object>
  readonly contentType: string
}

// Gauges with the suffix of counters, which `promtool check metrics` rejects. The gauges by type, without the suffix, are kept.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

export interface MetricsOptions {
  readonly ofProcess?: boolean
}

/**
 * Makes a separate registry, so that two pipelines in one process, or two tests, share no numbers.
 *
 * The metrics of the process (CPU, memory, event loop, garbage collection) are included by default.
 *
 * @param labels             added to every series, such as the pipeline
 * @param options.ofProcess  false where another registry has the metrics of the process; default: true
 */
export function makeMetrics(
  labels: Readonly<Record<string, string>> = {},
  { ofProcess = true }: MetricsOptions = {},
): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels(labels)
  if (ofProcess) {
    collectDefaultMetrics({ register: registry })
    for (const name of MISNAMED) registry.removeSingleMetric(name)
  }
  return {
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames, registers: [registry] }),
    gauge: (name, help, labelNames = []) => new Gauge({ name, help, labelNames, registers: [registry] }),
    gaugeOf: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          try {
            this.set(await answerInTime(read))
          } catch {
            this.set(Number.NaN)
          }
        },
      })
    },
    histogram: (name, help, buckets, labelNames = []) =>
      new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] }),
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  }
}
