import { calibrationToLabel } from '@outflow/store/models'
import { confirmedPositions } from '@outflow/store/training'
import { expect, test } from 'vitest'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { type Parcel, parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

/** Below the share of heavy parcels, so that contamination hides most of them; a calibration set of 135 records has four beyond it. */
const ALERT_RATE = 0.03
const USUAL_GRAMS: Readonly<Record<string, number>> = { letter: 20, parcel: 2_000, crate: 40_000 }

/** 1,500 parcels of which one in twelve is 10 to 100 times too heavy. */
function contaminated(): Parcel[] {
  const normal = nextOf(parcelMessages(47), 1_600).filter(({ truth }) => truth === 'normal')
  return normal.slice(0, 1_500).map(({ value }, index) => {
    const parcel = JSON.parse(String(value)) as Parcel
    return index % 12 === 0 ? { ...parcel, grams: (10 + ((7 * index) % 90)) * parcel.grams } : parcel
  })
}

const isHeavy = ({ kind, grams }: Pick<Parcel, 'kind' | 'grams'>) => grams > 5 * USUAL_GRAMS[kind]!

test('calibration records that a person confirms leave the calibration set without a fit, and ingest decides by the rest', async () => {
  const pipeline = await aParcelPipeline({
    training: { minRows: 1_400, niceness: 0 },
    detection: { alertRate: ALERT_RATE, recalibrateWithin: 1 },
  })
  const parcels = contaminated()
  const heavy = parcels.filter(isHeavy)
  await send(pipeline, parcels)
  const ingest = startService('ingest', pipeline.configFile)
  const trainer = startService('trainer', pipeline.configFile)
  const fittedId = (await trainer.logged('model promoted')).modelId as string
  await pipeline.untilStored(parcels.length)

  const config = ['--config', pipeline.configFile]
  for (let round = 1; ; round++) {
    const listed = await callOutflow(['verdicts', 'ask', '--json', ...config])
    const next = JSON.parse(listed.stdout) as { readonly rank: number; readonly record: Parcel }[]
    if (next.length === 0) break
    expect(round).toBeLessThanOrEqual(5)
    if (round === 1) expect(Math.min(...next.map(({ rank }) => rank))).toBe(1)
    const answers = next.map(({ record }) => (isHeavy(record) ? 'c' : 'f'))
    const asked = await callOutflow(['verdicts', 'ask', '--limit', `${next.length}`, '--by', 'ada', ...config], {
      stdin: `${answers.join('\n')}\n`,
    })
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('labelled') })
  }

  const { records } = (await calibrationToLabel(pipeline.pool, pipeline.name))!
  const confirmed = records.filter(({ verdict }) => verdict === 'confirmed')
  expect(confirmed.length).toBeGreaterThan(5)
  const labelled = records.filter(({ verdict }) => verdict !== null).length
  // The trainer may apply rounds one by one, each as a new model; the last one has all labels.
  const applied = () =>
    trainer.log.findLast(
      ({ msg, confirmed, normal }) => msg === 'labels applied' && Number(confirmed) + Number(normal) === labelled,
    )
  await eventually(() => applied() !== undefined, { what: 'the trainer applies all labels' })
  expect(applied()).toMatchObject({ fittedId })
  const trimmedId = applied()!.modelId as string
  await ingest.logged('model served', { modelId: trimmedId })
  await send(pipeline, heavy)
  await pipeline.untilStored(parcels.length + heavy.length)
  const before = await heavyFound(pipeline, fittedId)
  expect(before).toBeLessThan(heavy.length / 2)
  expect(await heavyFound(pipeline, trimmedId)).toBeGreaterThan(1.5 * before)

  // The next fit leaves the confirmed records out.
  const positions = await confirmedPositions(pipeline.pool, pipeline.name)
  expect([...positions].map((position) => `${pipeline.name}/${position}`).toSorted()).toEqual(
    confirmed.map(({ id }) => id).toSorted(),
  )
  const listed = await callOutflow(['models', 'list', ...config])
  expect(listed.stdout).toMatch(new RegExp(`${trimmedId}\\s+active.*${confirmed.length} of \\d+ confirmed`))
}, 240_000)

const send = (pipeline: ParcelPipeline, parcels: readonly Parcel[]) =>
  pipeline.send(parcels.map((parcel) => ({ key: 'depot-1', value: JSON.stringify(parcel) })))

/** Number of heavy parcels that ingest found with a model. */
async function heavyFound({ pool }: ParcelPipeline, modelId: string): Promise<number> {
  const { rows } = await pool.query('select record from outflow.anomalies where model_id = $1', [modelId])
  return rows.filter(({ record }) => isHeavy(record as Parcel)).length
}
