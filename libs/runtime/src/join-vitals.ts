import { type Metrics, makeMetrics } from './metrics.js'
import type { Readiness, Vitals } from './vitals.js'

/** Readiness and metrics of a process, as a server needs them. */
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
        const all = [own, ...Array.from(pipelines.values(), ({ metrics }) => metrics)]
        return joinFamilies(await Promise.all(all.map((metrics) => metrics.text())))
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

/** Prometheus requires all series of a name in one group, with one HELP and one TYPE. */
function joinFamilies(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: string[]; readonly series: string[] }>()
  for (const text of texts) {
    let family = { head: [] as string[], series: [] as string[] }
    let isNew = true
    for (const line of text.split('\n')) {
      const name = /^# HELP (\S+)/.exec(line)?.[1]
      if (name !== undefined) {
        isNew = !families.has(name)
        family = families.get(name) ?? { head: [], series: [] }
        families.set(name, family)
      }
      if (line.startsWith('#')) {
        if (isNew) family.head.push(line)
      } else if (line !== '') family.series.push(line)
    }
  }
  return Array.from(families.values(), ({ head, series }) => `${[...head, ...series].join('\n')}\n`).join('\n')
}
