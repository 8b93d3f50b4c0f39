import { openDetector } from '@outflow/detector'
import { promoteChecked, rollBackModel } from '@outflow/store/models'
import type { Terminal } from '@outflow/terminal'
import { type ChangeOptions, changeOf } from '../../options.js'
import { withPipeline } from '../../store-access.js'
import { modelBeginning } from './find.js'

/**
 * Makes a model the active one; running ingests take it over between two batches.
 *
 * @throws {ModelDamaged} when its artefact is not whole: the active model stays
 */
export async function promote(id: string, options: ChangeOptions, terminal: Terminal): Promise<void> {
  const promoted = await withPipeline(options, async (pool, { pipeline }) => {
    const model = await modelBeginning(pool, pipeline, id)
    const change = { pipeline, id: model.id, ...changeOf(options) }
    const { previousId } = await promoteChecked(pool, change, async (artefact) =>
      (await openDetector(artefact)).close(),
    )
    return { id: model.id, previousId }
  })
  const before = promoted.previousId === null ? 'no model before' : `${promoted.previousId} before`
  await terminal.result(
    options.json ? `${JSON.stringify(promoted)}\n` : `${promoted.id} scores from now on; ${before}\n`,
  )
}

/** Goes back to the model before the active one. @throws {NoEarlierModel} */
export async function rollBack(options: ChangeOptions, terminal: Terminal): Promise<void> {
  const changed = await withPipeline(options, (pool, { pipeline }) =>
    rollBackModel(pool, { pipeline, ...changeOf(options) }),
  )
  await terminal.result(
    options.json
      ? `${JSON.stringify(changed)}\n`
      : `${changed!.to} scores from now on; ${changed!.from} is rolled back\n`,
  )
}
