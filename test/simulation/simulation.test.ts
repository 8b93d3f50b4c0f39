import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// In separate processes, because a simulation replaces the timers of its process.
async function simulate(...options: string[]): Promise<string> {
  const program = new URL('simulate.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', '--conditions=source', program],
    ...options,
  ])
  return stdout
}

test('issue 23: in 200 worlds with faults, each record counts once and each alert is sent once', async () => {
  expect(JSON.parse(await simulate('--seeds', '200', '--json'))).toMatchObject({ seeds: 200, failedSeeds: [] })
}, 600_000)

// Seeds that failed once, with the defect they found. Each defect also has a unit test.
test.each([
  [246, 'a position that another member moved looked to be beyond the end of its partition'],
  [341, 'the same, after the retention of other records'],
  [1164, 'the last records of a quiet partition stayed uncounted after a crash of Postgres'],
  [28, 'reading a training window left a timer behind'],
  [208, 'a fit stayed open, and its request unanswered, when the connection broke while the fit was stored'],
  [230, 'the same'],
  [153, 'a batch was delivered while a position was read, and one of its records counted twice'],
  [6532, 'a state was read behind the offset of its batch, which another member then caught up with'],
  [62, 'records that retention deleted before transaction markers were neither counted nor recorded as a gap'],
  [784, 'a message without a key was sent twice: its request was repeated after a lost response, to another partition'],
  [1178, 'the trainer did not read its topics for an hour after its clock was set back by an hour'],
  [47, 'a partition of a recreated topic was not read that ended at the position of the former one'],
  [703, 'a late write of a former topic was counted, because the topic created again had reached the same offset'],
  [3037, 'records were passed over by transaction markers of a fetch from before a crash of Postgres'],
  [3053, 'a member whose assignment was lost read nothing, and no other member read its partition'],
  [30187, 'members whose clock was set back by an hour sent no heartbeats, and read no partitions of a killed one'],
  [70015, 'a member that stopped left the reading of a position of a deleted topic behind'],
])(
  'seed %i passes, which once failed: %s',
  async (seed) => {
    expect(await simulate('--seeds', '1', '--from', String(seed))).toContain('0 failed')
  },
  60_000,
)

test('ten runs of a seed have the same events', async () => {
  expect(await simulate('--replay', '107')).toContain('1 different traces')
}, 60_000)
