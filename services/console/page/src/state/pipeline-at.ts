import type { Pipeline } from '../api/types.js'
import { idBelow, type Place } from './location.js'

/** The pipeline of the anomaly in the path, else the one in the search, else the one with the newest anomaly; '' where there is none. */
export function pipelineAt(
  { path, search }: Place,
  pipelines: readonly Pick<Pipeline, 'pipeline' | 'newestAnomalyAt'>[],
): string {
  const ofAnomaly = idBelow('/anomalies/', path)?.split('/')[0]
  const [newest] = pipelines.toSorted((a, b) => timeOf(b) - timeOf(a))
  return ofAnomaly || new URLSearchParams(search).get('pipeline') || (newest?.pipeline ?? '')
}

const timeOf = ({ newestAnomalyAt }: Pick<Pipeline, 'newestAnomalyAt'>): number =>
  newestAnomalyAt === null ? Number.NEGATIVE_INFINITY : Date.parse(newestAnomalyAt)
