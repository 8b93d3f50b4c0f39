import { expect, onTestFinished, test } from 'vitest'
import { aConsole } from '../support/a-console.js'
import { aPage, noBrowserReason, violationsOn } from '../support/console-browser.js'
import { nextOf } from '../support/feed.js'
import { aDatabase } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

const DEPOT = 'the-depot'
const RECORDS = 800
/** Index of the anomaly; every second record is of the depot. */
const ODD = 700

interface Around {
  readonly offset: string
  readonly bands: readonly { readonly value: number; readonly low: number; readonly high: number }[]
}

test('issue 20: the page of an anomaly shows reasons that were not stored, the values of its entity, what the model expected, and the Kafka headers', {
  timeout: 240_000,
}, async () => {
  const databaseUrl = await aDatabase()
  const pipeline = await aParcelPipeline({ model: await parcelModel(), databaseUrl })
  await produce(pipeline)
  startService('ingest', pipeline.configFile)
  await pipeline.untilStored(RECORDS)
  const { rows } = await pipeline.pool.query(
    `select id from analyst.anomalies where entity_key = $1 and record->>'odd' = 'yes'`,
    [DEPOT],
  )
  const id = rows[0].id as string
  const console = await aConsole({ databaseUrl, pipeline: pipeline.name })
  onTestFinished(() => console.close())

  // No explainer runs: the console computes the reasons.
  expect(await pipeline.pool.query('select from outflow.anomalies where reasons is not null')).toMatchObject({
    rowCount: 0,
  })
  const { body: anomaly } = await console.ask(`/api/anomalies/${encodeURIComponent(id)}`)
  expect(anomaly).toMatchObject({ reasons: [{ field: 'grams' }, ...anomaly.reasons.slice(1)], unexplainable: null })

  const { status, body } = await console.ask(`/api/anomalies/${encodeURIComponent(id)}/around`)
  expect(status).toBe(200)
  const records = body.records as readonly Around[]
  expect(body).toMatchObject({ headers: [{ name: 'truth', value: 'odd' }], fields: ['grams', 'millimetres'] })
  expect(records).toHaveLength(200)
  const isExpected = ({ bands: [, length] }: Around) => length!.low <= length!.value && length!.value <= length!.high
  // The bands contain nine in ten values.
  expect(records.filter(isExpected).length).toBeGreaterThan(160)
  const own = records.find(({ offset }) => id.endsWith(`/${offset}`))!
  expect(own.bands[0]!.value).toBeGreaterThan(5 * own.bands[0]!.high)

  if (noBrowserReason !== null) return
  const { page, complaints } = await aPage(() => console.url)
  await page.goto(`${console.url}/anomalies/${encodeURIComponent(id)}`)
  await page.getByRole('button', { name: 'Read from Kafka' }).click()
  await page.getByRole('img', { name: 'grams of 200 records around the anomaly' }).waitFor()
  await page.getByRole('row', { name: 'truth odd' }).waitFor()
  expect(await violationsOn(page)).toEqual([])
  expect(complaints).toEqual([])
})

/** Produces normal parcels, every second one of one depot; one of that depot is a crate with thirty times the usual weight. */
async function produce({ send }: ParcelPipeline): Promise<void> {
  const normal = nextOf(parcelMessages(61), 2 * RECORDS).filter(({ truth }) => truth === 'normal')
  await send(
    normal.slice(0, RECORDS).map(({ key, value, headers }, index) => {
      if (index === ODD) {
        const crate = JSON.stringify({ kind: 'crate', grams: 1_200_000, millimetres: 1_200, odd: 'yes' })
        return { key: DEPOT, value: crate, headers: [['truth', Buffer.from('odd')]] }
      }
      return { key: index % 2 === 0 ? DEPOT : key, value, headers }
    }),
  )
}
