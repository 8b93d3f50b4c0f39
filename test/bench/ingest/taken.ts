/** Time and CPU for reading a number of records, from the first to the last. */
export interface Taken {
  readonly records: number
  readonly wallMs: number
  /** CPU time of one or several processes. */
  readonly cpuMs: number
}

/** Sums runs of the same measurement. */
export function together(runs: readonly Taken[]): Taken {
  const sum = (key: keyof Taken) => runs.reduce((total, run) => total + run[key], 0)
  return { records: sum('records'), wallMs: sum('wallMs'), cpuMs: sum('cpuMs') }
}

export const perSecond = ({ records, wallMs }: Taken): number => Math.round((1_000 * records) / wallMs)
/** Records per second of CPU time of the process. */
export const perCore = ({ records, cpuMs }: Taken): number => Math.round((1_000 * records) / cpuMs)

/** CPU time per record, in microseconds. */
export const cpuUs = ({ records, cpuMs }: Taken): number => (1_000 * cpuMs) / records
