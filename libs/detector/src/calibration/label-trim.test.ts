import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { fitSmall, openInTest } from '../test-training.js'
import { calibrationSteps, pValues, sortedNlls } from './conformal.js'
import {
  type CalibrationLabel,
  calibrationOf,
  labelledAnomalyShare,
  nextToLabel,
  ranksToLabel,
  trimCalibration,
  withoutAnomalies,
} from './label-trim.js'

const ALERT_RATE = 0.01

/** A contaminated calibration set: NLLs of normal records are exponential, those of anomalies overlap with the upper half of them. */
function aSet(rows: number, contamination: number, seed: number) {
  const random = xoroshiro128plus(seed)
  const uniform = () => uniformInt(random, 1, 1_000_000) / 1_000_001
  const records = Array.from({ length: rows }, () => {
    const isAnomaly = uniform() < contamination
    return { nll: -Math.log(uniform()) + (isAnomaly ? 2 + 6 * uniform() : 0), isAnomaly }
  }).toSorted((a, b) => b.nll - a.nll)
  return {
    records,
    ascending: Float64Array.from(records, ({ nll }) => nll).reverse(),
    normal: () => -Math.log(uniform()),
  }
}

type CalibrationSet = ReturnType<typeof aSet>

/** Labels all offered records correctly. */
function labelled({ records }: Pick<CalibrationSet, 'records'>, rows: number): CalibrationLabel[] {
  const plan = { rows, alertRate: ALERT_RATE }
  let own = ranksToLabel(plan).map((rank): CalibrationLabel => ({ rank, verdict: null }))
  for (let next = nextToLabel(plan, own); next.length > 0; next = nextToLabel(plan, own)) {
    const [{ rank }] = next as [CalibrationLabel]
    const verdict = records[rank]!.isAnomaly ? 'confirmed' : 'false_alarm'
    own = own.map((label) => (label.rank === rank ? { rank, verdict } : label))
  }
  return own
}

const countOf = (labels: readonly CalibrationLabel[]) => labels.filter(({ verdict }) => verdict !== null).length

describe('the records to label', () => {
  it.each([30, 100, 500, 4_000, 400_000])('are at most fifty, of the least likely fifth of %i', (rows) => {
    const ranks = ranksToLabel({ rows, alertRate: ALERT_RATE })
    expect(ranks.length).toBeLessThanOrEqual(50)
    expect(ranks).toEqual([...new Set(ranks)].toSorted((a, b) => a - b))
    expect(ranks.at(-1)).toBeLessThan(rows / 5)
  })

  it('are none if the set is too small', () => {
    expect(ranksToLabel({ rows: 4, alertRate: ALERT_RATE })).toEqual([])
  })

  it('end after ten if none is an anomaly, and continue if all are', () => {
    const rows = 4_000
    expect(countOf(labelled(aSet(rows, 0, 1), rows))).toBe(10)
    expect(countOf(labelled(aSet(rows, 1, 1), rows))).toBe(50)
  })
})

describe('trimmed by labels', () => {
  it('a clean set stays as it is', () => {
    const { ascending, records } = aSet(500, 0, 2)
    expect(withoutAnomalies(ascending, ALERT_RATE, labelled({ records }, 500))).toEqual(ascending)
  })

  it('the confirmed records leave a set at once, others only when all offered records of their group are labelled', () => {
    const { ascending } = aSet(40_000, 0.05, 3)
    const ranks = ranksToLabel({ rows: 40_000, alertRate: ALERT_RATE })
    const asked = (count: number) =>
      ranks.map((rank, at): CalibrationLabel => ({ rank, verdict: at < count ? 'confirmed' : null }))
    const left = (count: number) => withoutAnomalies(ascending, ALERT_RATE, asked(count)).length
    expect(left(9)).toBe(40_000 - 9)
    // 10 of 10 in the first 800: the others count as anomalies, too.
    expect(left(10)).toBe(40_000 - 800)
  })

  it.each([
    [500, 0.05],
    [500, 0.1],
    [4_000, 0.05],
    [4_000, 0.1],
  ])(
    'of %i records with a share of %f of anomalies, p-values of normal records stay super-uniform, and detect more',
    (rows, share) => {
      const sets = 20_000 / Math.min(rows, 500)
      const fresh = 2_000
      let [before, after, bound] = [0, 0, 0]
      for (let seed = 1; seed <= sets; seed++) {
        const set = aSet(rows, share, seed)
        const kept = withoutAnomalies(set.ascending, ALERT_RATE, labelled(set, rows))
        const nll = Float64Array.from({ length: fresh }, set.normal)
        before += shareBelow(set.ascending, nll) / sets
        after += shareBelow(kept, nll) / sets
        const normal = set.records.filter(({ isAnomaly }) => !isAnomaly).length
        bound += (ALERT_RATE * (kept.length + 1)) / (normal + 1) / sets
      }
      expect(after).toBeGreaterThan(2 * before)
      // A standard error of the mean over the sets is a twentieth of the rate at most.
      expect(after).toBeLessThan(1.1 * bound)
    },
  )
})

it('the share of anomalies is estimated by the labels, and 0 before them', () => {
  const rows = 4_000
  const shares = [1, 2, 3, 4, 5].map((seed) => {
    const set = aSet(rows, 0.08, seed)
    return labelledAnomalyShare({ rows, alertRate: ALERT_RATE }, labelled(set, rows))
  })
  // Some anomalies are as likely as normal records, and are not offered.
  for (const share of shares) expect(share).toBeGreaterThan(0.04)
  for (const share of shares) expect(share).toBeLessThan(0.1)
  const unlabelled = ranksToLabel({ rows, alertRate: ALERT_RATE }).map((rank) => ({ rank, verdict: null }))
  expect(labelledAnomalyShare({ rows, alertRate: ALERT_RATE }, unlabelled)).toBe(0)
})

it('with a tail, the alert rate of a trimmed set of 500 is that of counted p-values to within a record', () => {
  const rows = 500
  const sets = 100
  let share = 0
  for (let seed = 1; seed <= sets; seed++) {
    const { ascending, normal } = aSet(rows, 0, seed)
    const nll = Float64Array.from({ length: 2_000 }, normal)
    share +=
      pValues(calibrationOf(ascending, ALERT_RATE), nll).filter((p) => p <= ALERT_RATE).length / nll.length / sets
  }
  expect(share).toBeGreaterThan(0.8 * ALERT_RATE)
  expect(share).toBeLessThan(ALERT_RATE + 1 / rows)
})

const shareBelow = (ascending: Float64Array, nll: Float64Array): number =>
  pValues({ ...calibrationSteps(ascending), tail: null }, nll).filter((p) => p <= ALERT_RATE).length / nll.length

const trained = await fitSmall(
  [{ path: '$.x', type: 'numeric', optional: false }],
  Array.from({ length: 400 }, aSet(1, 0, 1).normal).map((x) => ({ numbers: [x], categories: [] })),
  { training: { contamination: 0.01, seed: 1 }, alertRate: ALERT_RATE, maxSteps: 20 },
)

describe('a model', () => {
  it('offers its least likely calibration records, which are records of the input', async () => {
    const { toLabel, metadata } = trained
    expect(toLabel.map(({ rank }) => rank)).toEqual(
      ranksToLabel({ rows: metadata.calibration.rows, alertRate: ALERT_RATE }),
    )
    const detector = await openInTest(trained.artefact)
    const { nll } = await detector.score(toLabel.map(({ fields }) => fields))
    expect(Array.from(nll)).toEqual(toLabel.map((own) => own.nll))
  })

  it('gives lower p-values when calibration records are confirmed, and the same likelihoods', async () => {
    const labels = trained.toLabel.map(
      ({ rank }, at): CalibrationLabel => ({ rank, verdict: at < 5 ? 'confirmed' : null }),
    )
    const until = new Date('2026-01-01T00:00:00Z')
    const { artefact, metadata } = trimCalibration(trained.artefact, labels, until)
    expect(metadata.modelId).not.toBe(trained.metadata.modelId)
    expect(metadata.calibration).toMatchObject({
      rows: trained.metadata.calibration.rows - 5,
      labels: { of: trained.metadata.modelId, until: until.toISOString(), confirmed: 5, normal: 0 },
    })
    const [before, after] = await Promise.all([trained.artefact, artefact].map(openInTest))
    const { fields, rank, nll } = trained.toLabel[12]!
    expect((await after!.score([fields])).nll[0]).toBe(nll)
    const { rows } = trained.metadata.calibration
    expect(before!.pValues(Float64Array.of(nll))[0]).toBeCloseTo((rank + 2) / (rows + 1))
    expect(after!.pValues(Float64Array.of(nll))[0]).toBeCloseTo((rank + 2 - 5) / (rows + 1 - 5))
  })

  it('is the same for the same labels', () => {
    const labels = [{ rank: 0, verdict: 'confirmed' } as const]
    const until = new Date('2026-01-01T00:00:00Z')
    const ids = [1, 2].map(() => trimCalibration(trained.artefact, labels, until).metadata.modelId)
    expect(ids[0]).toBe(ids[1])
  })
})

it('NLLs are restored from the steps of a calibration', () => {
  const ascending = Float64Array.of(-1, -1, 0, 2, 2, 2, 5)
  expect(sortedNlls(calibrationSteps(ascending))).toEqual(ascending)
  const many = Float64Array.from({ length: 30_000 }, (_, index) => index)
  const restored = sortedNlls(calibrationSteps(many))
  expect(restored.subarray(-10_000)).toEqual(many.subarray(-10_000))
  expect(restored.every((own, index) => own >= many[index]!)).toBe(true)
})
