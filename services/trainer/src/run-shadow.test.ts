import { currentShadow, failGate, promoteModel, type Shadow } from '@outflow/store/models'
import { expect, test, vi } from 'vitest'
import { settleShadow } from './run-shadow.js'

vi.mock('@outflow/store/models', () => ({
  currentShadow: vi.fn(),
  failGate: vi.fn(),
  noteShadowReport: vi.fn(),
  promoteModel: vi.fn(),
}))

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
