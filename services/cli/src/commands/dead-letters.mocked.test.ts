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
      { ...letter, valueBytes: 12_345_678, resentAt: new Date(1_000), corrected: true },
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

test('list prints a line for each, with its whole detail (the table of 130,000 dead letters failed)', async () => {
  expect(await resultsOf('list')).toEqual([
    '1970-01-01T00:00:00Z  wrong_type     flights/2/7  16  delay must be a number\n',
    '1970-01-01T00:00:00Z  wrong_type     flights/2/7  12,345,678  delay must be a number [resent 1970-01-01T00:00:01Z, corrected]\n',
    `1970-01-01T00:00:00Z  wrong_type     flights/2/7  16  $.at must be ${'long '.repeat(20)}; found "5 Jan"\n`,
  ])
})

test('list with --json prints an object on each line (one text of all failed above half a gigabyte)', async () => {
  const results = await resultsOf('list', '--json')
  expect(results).toHaveLength(3)
  expect(JSON.parse(results[0]!)).toMatchObject({ position: 'flights/2/7', reason: 'wrong_type', valueBytes: 16 })
})

async function resultsOf(...words: readonly string[]): Promise<readonly string[]> {
  const result = vi.fn(async (_: string) => {})
  const argv = ['node', 'outflow', 'dead-letters', ...words]
  const program = await makeProgram({ terminal: { ...makeTerminal(process), result }, exitCode: 0 }, argv)
  await program.parseAsync(argv)
  return result.mock.calls.map(([text]) => text)
}
