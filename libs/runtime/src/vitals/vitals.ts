import { answerInTime } from './answer-in-time.js'
import { type Metrics, type MetricsOptions, makeMetrics } from './metrics.js'

/** Result of one check; `detail` is one readable line. */
export interface CheckResult {
  readonly ok: boolean
  readonly detail: string
}

type Check = () => CheckResult | Promise<CheckResult>

export interface Readiness {
  readonly ready: boolean
  /** By service, then by check. */
  readonly checks: Readonly<Record<string, Readonly<Record<string, CheckResult>>>>
}

/**
 * The vitals of one process: its metrics and its readiness checks.
 *
 * Services in the same process share them, and one address serves them all.
 */
export interface Vitals {
  readonly metrics: Metrics
  /** Names the services of the process. It is not ready until each has added a check, since they are loaded one after the other. */
  expect(services: readonly string[]): void
  /** Adds a check of a service, such as `model`; returns the function that removes it. */
  check(service: string, name: string, check: Check): () => void
  /** Runs every check, each for at most two seconds; one that throws or takes longer has failed. Not ready without any check. */
  readiness(): Promise<Readiness>
}

/** @param labels  added to every metric, such as the pipeline */
export function makeVitals(labels: Readonly<Record<string, string>> = {}, options: MetricsOptions = {}): Vitals {
  const expected = new Set<string>()
  const checks = new Set<{ service: string; name: string; check: Check }>()
  return {
    metrics: makeMetrics(labels, options),
    expect: (services) => {
      for (const service of services) expected.add(service)
    },
    check: (service, name, check) => {
      const entry = { service, name, check }
      checks.add(entry)
      return () => void checks.delete(entry)
    },
    readiness: async () => {
      const entries = [...checks]
      const results = await Promise.all(entries.map(({ check }) => runCheck(check)))
      const byService: Record<string, Record<string, CheckResult>> = {}
      for (const service of expected) byService[service] = {}
      entries.forEach(({ service, name }, index) => {
        byService[service] = { ...byService[service], [name]: results[index]! }
      })
      const services = Object.values(byService)
      const isLoaded = services.length > 0 && services.every((own) => Object.keys(own).length > 0)
      return { ready: isLoaded && results.every(({ ok }) => ok), checks: byService }
    },
  }
}

async function runCheck(check: Check): Promise<CheckResult> {
  try {
    return await answerInTime(check)
  } catch (error: unknown) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
