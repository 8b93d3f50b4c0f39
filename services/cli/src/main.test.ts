import { expect, it, vi } from 'vitest'
import { main } from './main.js'

it('prints the help on stdout when no command is given', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow'])).toBe(0)
  expect(String(write.mock.calls[0]![0])).toMatch(/^Usage: outflow/)
  vi.restoreAllMocks()
})

it.each(['stdout', 'stderr'] as const)(
  'continues when the terminal of %s is closed (a service ended without its drain)',
  (name) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    const { isTTY } = process[name]
    process[name].isTTY = true
    process[name].emit('error', Object.assign(new Error('EIO: write'), { code: 'EIO' }))
    process[name].isTTY = isTTY
    expect(exit).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  },
)

it.each([
  ['drains a service', 'run', 1, undefined],
  ['ends another command', 'score', 0, [0]],
] as const)(
  '%s when the reader of stdout has ended (a service ended without its drain)',
  (_, command, drains, exitedWith) => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    const drain = vi.fn()
    process.once('SIGHUP', drain)
    const { argv } = process
    process.argv = ['node', 'outflow', command]
    process.stdout.emit('error', Object.assign(new Error('EPIPE: write'), { code: 'EPIPE' }))
    process.argv = argv
    process.off('SIGHUP', drain)
    expect([drain.mock.calls.length, exit.mock.calls[0]]).toEqual([drains, exitedWith])
    vi.restoreAllMocks()
  },
)

it('prints one line, and no stack, when stdout is a full disk', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  process.stdout.emit('error', Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }))
  expect(write.mock.calls).toEqual([['outflow: cannot write stdout: no space is left on the disk\n']])
  expect(exit).toHaveBeenCalledWith(2)
  vi.restoreAllMocks()
})

it.each([
  ['a text that is not blank.', 'token', '--name', ''],
  ['at most 100 characters.', 'token', '--name', 'x'.repeat(101)],
  ['a text that is not blank.', 'analyst', 'create', ' '],
  ['a text that is not blank.', 'models', 'show', ''],
])(
  'allows as a name or an id only %s %s %s (outflow.yaml would reject the token, Postgres the login; every model id begins so)',
  async (...args) => {
    const [allowed, ...words] = args
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await main(['node', 'outflow', ...words])).toBe(2)
    expect(stderr.mock.calls.join('')).toContain(`Allowed: ${allowed}`)
    vi.restoreAllMocks()
  },
)
