/** What reading so many records took, from the first to the last. */
export interface Taken {
  readonly records: number
  readonly wallMs: number
  /** Of the process itself, or the sum of several. */
  readonly cpuMs: number
}

/** Adds runs of the same thing up. */
export function together(runs: readonly Taken[]): Taken {
  const sum = (key: keyof Taken) => runs.reduce((total, run) => total + run[key], 0)
  return { records: sum('records'), wallMs: sum('wallMs'), cpuMs: sum('cpuMs') }
}

export const perSecond = ({ records, wallMs }: Taken): number => Math.round((1_000 * records) / wallMs)
/** Records per second of the process's own CPU time. */
export const perCore = ({ records, cpuMs }: Taken): number => Math.round((1_000 * records) / cpuMs)
