import { divergenceOf, openDetector } from '@outflow/detector'
import { differingFacts, type StoredModel } from '@outflow/store/models'
import type { z } from 'zod'
import type { modelDifferenceSchema } from './api/index.js'

/**
 * Compares two models, by their stored metadata and by records drawn from each.
 *
 * @throws {ModelDamaged | ModelForeign | ModelVersionUnknown} when one of them cannot be opened
 */
export async function differenceOf(
  first: StoredModel,
  second: StoredModel,
): Promise<Pick<z.infer<typeof modelDifferenceSchema>, 'facts' | 'divergence'>> {
  const facts = Object.entries(differingFacts(first, second)).map(([name, [own, other]]) => ({
    ...{ name, first: own, second: other },
  }))
  const own = await openDetector(first.artefact)
  try {
    const other = await openDetector(second.artefact)
    try {
      return { facts, divergence: await divergenceOf(own, other) }
    } finally {
      await other.close()
    }
  } finally {
    await own.close()
  }
}
