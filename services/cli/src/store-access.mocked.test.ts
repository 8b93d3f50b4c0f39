import { expect, test, vi } from 'vitest'
import { main } from './main.js'

const { withPipeline } = vi.hoisted(() => ({ withPipeline: vi.fn() }))
vi.mock('./store-access.js', async (original) => ({ ...(await original<object>()), withPipeline }))

test.each([['anomalies'], ['explain', '--anomaly', 'flights/flights/2/18043']])(
  'Ctrl-C ends %s at once (a list of 100,000 anomalies was printed to its end)',
  async (...words) => {
    const before = process.listenerCount('SIGINT')
    withPipeline.mockImplementation(async () => void expect(process.listenerCount('SIGINT')).toBe(before))
    await main(['node', 'outflow', ...words])
    await expect(withPipeline.mock.results.at(-1)?.value).resolves.toBeUndefined()
  },
)
