import { BY_HEART_ROWS, type FitProgress } from '@outflow/flow'

/** Where the fits of a model stand. */
export interface TrainingProgress extends FitProgress {
  /** Which of the model's flows is being fitted, from 1, and of how many. */
  readonly flow: number
  readonly flows: number
}

/** Whose mean density is a model of few rows. */
const FLOWS_OF_FEW = 2

/**
 * How many flows a model of so many rows of numbers has. What one flow learns of the space between few rows is partly chance,
 * of its weights, its noise and the rows that it held out; the mean of several densities is less so.
 *
 * @see Lakshminarayanan et al. 2017, Simple and scalable predictive uncertainty estimation using deep ensembles, NeurIPS
 */
export function flowsOf(rows: number): number {
  return rows < BY_HEART_ROWS ? FLOWS_OF_FEW : 1
}

/**
 * Fits the flows of a model, one after another, each by a seed of its own.
 *
 * @param seed  the first one's own
 * @param fit   fits the flow of this place, from 0, by this seed
 */
export async function fitEach<Fitted>(
  flows: number,
  seed: number,
  fit: (member: number, seed: number) => Promise<Fitted>,
): Promise<Fitted[]> {
  const fitted: Fitted[] = []
  for (let member = 0; member < flows; member++) fitted.push(await fit(member, seed + member * SEED_STRIDE))
  return fitted
}

/** So that models of neighbouring seeds have no flow in common. */
const SEED_STRIDE = 1000

/** The progress of one of several fits, with the time of those that are still to come in what is left. */
export function progressAmong(own: FitProgress, flow: number, flows: number): TrainingProgress {
  return { ...own, leftMs: own.leftMs + (flows - flow) * (own.elapsedMs + own.leftMs), flow, flows }
}
