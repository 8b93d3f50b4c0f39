import type { ModelMetadata } from '@outflow/contracts'
import { ModelDamaged } from '@outflow/store'
import {
  beginShadow,
  currentShadow,
  failGate,
  listModels,
  loadModel,
  promoteModel,
  type Shadow,
} from '@outflow/store/models'
import { beforeEach, expect, test, vi } from 'vitest'
import { settleShadow, startShadow } from './run-shadow.js'

vi.mock('@outflow/store/models', () => ({
  beginShadow: vi.fn(),
  currentShadow: vi.fn(),
  failGate: vi.fn(),
  listModels: vi.fn(),
  loadModel: vi.fn(),
  noteShadowReport: vi.fn(),
  promoteModel: vi.fn(),
}))
beforeEach(() => vi.clearAllMocks())

const config = {
  pipeline: 'flights',
  detection: { alertRate: 0.01 },
  training: { shadow: 600_000, contamination: 0.01 },
}
const telemetry = { shadowCompared() {}, shadowDecided() {} }
const context = { config, telemetry } as unknown as Parameters<typeof settleShadow>[0]

test('a shadow of an idle topic continues after its time, and fails if another fit is due (it was promoted without a record)', async () => {
  const idle = { id: 'm2', metrics: { failures: [] }, elapsedMs: 600_000, scored: 0 } as unknown as Shadow
  vi.mocked(currentShadow).mockResolvedValue(idle)
  expect(await settleShadow(context, async () => false)).toBe(Number.POSITIVE_INFINITY)
  expect(failGate).not.toHaveBeenCalled()
  expect(await settleShadow(context, async () => true)).toBeNull()
  expect(failGate).toHaveBeenCalledTimes(1)
  expect(promoteModel).not.toHaveBeenCalled()
})

test('a shadow ends at once when another model is activated', async () => {
  const outdated = {
    id: 'm2',
    metrics: { failures: [] },
    elapsedMs: 1,
    scored: 0,
    isOutdated: true,
  } as unknown as Shadow
  vi.mocked(currentShadow).mockResolvedValue(outdated)
  expect(await settleShadow(context, async () => false)).toBeNull()
  expect(failGate).toHaveBeenCalledTimes(1)
})

test('a damaged shadow fails (its promotion failed at every attempt, and no fit started)', async () => {
  const counts = { anomaliesByBoth: 1, anomaliesByActive: 0, anomaliesByShadow: 0 }
  const ended = { id: 'm2', metrics: { failures: [] }, elapsedMs: 600_000, scored: 1_000, ...counts }
  vi.mocked(currentShadow).mockResolvedValue(ended as unknown as Shadow)
  vi.mocked(loadModel).mockRejectedValueOnce(new ModelDamaged('the artefact does not match'))
  expect(await settleShadow(context, async () => false)).toBeNull()
  expect(vi.mocked(failGate).mock.lastCall![1].metrics.failures).toEqual(['the artefact does not match'])
})

test('a shadow of a clock that was ahead continues until a fit is due (no fit started until that time)', async () => {
  const ahead = { id: 'm2', metrics: { failures: [] }, elapsedMs: -86_400_000, scored: 0 } as unknown as Shadow
  vi.mocked(currentShadow).mockResolvedValue(ahead)
  expect(await settleShadow(context, async () => true)).toBeNull()
})

test('a candidate with other features than the active model is promoted at once (as a shadow it scored no record and failed)', async () => {
  const aModel = (id: string, state: string, path: string, provisional = false) => {
    const metadata = { features: [{ path, type: 'numeric', optional: false }], provisional } as unknown as ModelMetadata
    return { id, state, metadata } as Awaited<ReturnType<typeof listModels>>[number]
  }
  const candidate = aModel('m2', 'candidate', '$.grams')
  const begun = async (...others: readonly ReturnType<typeof aModel>[]) => {
    vi.mocked(listModels).mockResolvedValue([candidate, ...others])
    return startShadow(context, 'm2', 'schedule')
  }
  vi.mocked(beginShadow).mockResolvedValue(true)
  expect(await begun(aModel('m1', 'active', '$.grams'))).toBe('shadow')
  expect(promoteModel).not.toHaveBeenCalled()
  expect(await begun(aModel('m1', 'active', '$.miles'))).toBe('promoted')
  expect(await begun(aModel('m1', 'active', '$.grams', true))).toBe('promoted')
  expect(await begun(aModel('m1', 'retired', '$.grams'))).toBe('promoted')
  expect(promoteModel).toHaveBeenCalledTimes(3)
})
