import { findOriginals } from '@outflow/console/dead-letters'
import { BrokerUnavailable } from '@outflow/streams'
import { makeTerminal } from '@outflow/terminal'
import { expect, test, vi } from 'vitest'
import { makeProgram } from '../program.js'

vi.mock('@outflow/console/dead-letters', async (original) => ({
  ...(await original<object>()),
  findOriginals: vi.fn(),
  recordChecker: async () => async () => null,
}))
vi.mock('./dead-letters/resend.js', () => {
  const letter = {
    ...{
      topic: 'flights',
      partition: 2,
      offset: 7n,
      reason: 'wrong_type',
      detail: 'delay must be a number',
      key: null,
    },
    ...{ valueStart: Buffer.from('{"delay":"late"}'), valueBytes: 16, rejectedAt: new Date(0), resentAt: null },
  }
  return {
    lettersAt: async () => [letter],
    newestLetters: async () => [
      letter,
      { ...letter, valueBytes: 12_345_678 },
      { ...letter, detail: `$.at must be ${'long '.repeat(20)}; found "5 Jan"` },
    ],
  }
})
vi.mock('../store-access.js', () => ({ withPipeline: (_: object, use: Use) => use({}, {}) }))
type Use = (pool: object, config: object) => Promise<unknown>

test('while Kafka is unavailable, show prints what is stored of a dead letter, and fails (it printed nothing of it)', async () => {
  vi.mocked(findOriginals).mockRejectedValue(new BrokerUnavailable('Kafka is not available'))
  const result = vi.fn(async (_: string) => {})
  const argv = ['node', 'outflow', 'dead-letters', 'show', 'flights/2/7']
  const program = await makeProgram({ terminal: { ...makeTerminal(process), result }, exitCode: 0 }, argv)
  await expect(program.parseAsync(argv)).rejects.toThrow('Kafka is not available')
  expect(result).toHaveBeenCalledExactlyOnceWith(
    'flights/2/7  wrong_type  rejected 1970-01-01T00:00:00.000Z\n  delay must be a number\n  its message cannot be read\n' +
      '  the first 16 of 16 bytes of its value:\n{"delay":"late"}\n',
  )
})

test('list aligns sizes by their last digit, and shows the end of a long detail (what was found was cut off)', async () => {
  const result = vi.fn(async (_: string) => {})
  const argv = ['node', 'outflow', 'dead-letters', 'list']
  const program = await makeProgram({ terminal: { ...makeTerminal(process), result }, exitCode: 0 }, argv)
  await program.parseAsync(argv)
  expect(result.mock.calls.join('')).toMatch(/\$\.at must be long .*…long .*; found "5 Jan"/)
  expect(result.mock.calls.join('')).toMatch(/wrong_type +16 {2}delay.*\n.*wrong_type {2}12,345,678 {2}delay/)
})

test('list with --json draws no table (that of 500,000 dead letters failed after half a minute)', async () => {
  const terminal = { ...makeTerminal(process), result: vi.fn(async (_: string) => {}), table: vi.fn() }
  const argv = ['node', 'outflow', 'dead-letters', 'list', '--json']
  const program = await makeProgram({ terminal, exitCode: 0 }, argv)
  await program.parseAsync(argv)
  expect(terminal.result).toHaveBeenCalledOnce()
  expect(terminal.table).not.toHaveBeenCalled()
})
