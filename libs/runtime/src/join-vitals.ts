import { type Metrics, makeMetrics } from './metrics.js'
import type { Readiness, Vitals } from './vitals.js'

/** What is served of a process: a readiness, and metrics as text. */
export interface ServedVitals {
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readiness(): Promise<{ readonly ready: boolean }>
}

/**
 * Joins the signs of life of several pipelines in one process: ready when each is, and its readiness names each; every
 * series has the label of its pipeline, and the process's own figures stand there once, without one.
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

/** Prometheus wants all series of a name together, under one HELP and one TYPE. */
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
