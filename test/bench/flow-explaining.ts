import { configSchema, featureSchema } from '@outflow/contracts'
import { openDetector, trainDetector } from '@outflow/detector'
import { makeReader } from '@outflow/records'
import { seededRandom } from '../../libs/flow/src/random.js'
import { sound } from '../support/sound.js'
import { medianOf } from './median.js'
import type { Line } from './report.js'

const FIELDS = 20
/** So large that the fit ends with a flow: a smaller table can keep the mixture it starts from, which explains a record in two thirds of the time. */
const RECORDS = 5_000
const EXPLAINED = 960
const ALERT_RATE = 0.01

/** Explains records of 20 numeric fields, one of them far out in each, individually and in batches; by processor time. */
export async function explaining(): Promise<Line[]> {
  const { artefact, records } = await aDetector()
  const detector = await openDetector(artefact)
  const odd = records.slice(0, EXPLAINED).map((record, at) => {
    return sound(detector.read({ ...record, [`field${at % FIELDS}`]: 9 }))
  })
  // As in the explainer: a p-value that equals the rate is an anomaly.
  const rates = odd.map(() => ALERT_RATE * (1 + 1e-9))
  const lines: Line[] = []
  for (const atOnce of [1, 32]) {
    const taken: number[] = []
    let named = 0
    for (let at = 0; at < odd.length; at += atOnce) {
      const batch = odd.slice(at, at + atOnce)
      const before = process.cpuUsage()
      const explanations = await detector.explain(batch, undefined, rates.slice(at, at + batch.length))
      const { user, system } = process.cpuUsage(before)
      taken.push((user + system) / 1e3 / batch.length)
      named += explanations.filter(({ reasons }, place) => reasons[0]!.field === `field${(at + place) % FIELDS}`).length
    }
    lines.push({
      ...{ fields: FIELDS, records: odd.length, 'at once': atOnce, 'right field first': named },
      // The minimum is affected least by other processes.
      ...{ 'least ms': Math.min(...taken), 'median ms': medianOf(taken), 'slowest ms': Math.max(...taken) },
    })
  }
  await detector.close()
  return lines
}

/** A detector of numeric fields, fitted as `outflow train` does, and its training records. */
async function aDetector() {
  const random = seededRandom(1, 'explaining')
  const records = Array.from({ length: RECORDS }, () => {
    const common = random.normal()
    return Object.fromEntries(Array.from({ length: FIELDS }, (_, at) => [`field${at}`, common + random.normal()]))
  })
  const features = Array.from({ length: FIELDS }, (_, at) =>
    featureSchema.parse({ path: `$.field${at}`, type: 'numeric' }),
  )
  const read = makeReader(features)
  const { artefact } = await trainDetector({
    features,
    records: records.map((record) => sound(read(record))),
    model: configSchema.shape.model.parse({}),
    training: configSchema.shape.training.parse({}),
    alertRate: ALERT_RATE,
  })
  return { artefact, records }
}
