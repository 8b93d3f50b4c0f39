import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigInvalid } from '@outflow/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { loadConfig } from './load-config.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

const GOOD = `
pipeline: flights
kafka: { brokers: 'localhost:9092' }
postgres:
  url: \${DATABASE_URL}
source: { topics: [flights] }
features:
  - { path: $.delay, type: numeric }
alerts: { topic: flights.alerts }
deadLetters: { topic: flights.dead }
`

async function aFile(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

test('returns the configuration of a file, with environment variables and defaults filled in', async () => {
  const config = await loadConfig(await aFile('good.yaml', GOOD), { DATABASE_URL: 'postgres://localhost/x' })
  expect(config.postgres.url).toBe('postgres://localhost/x')
  expect(config.training.every).toBe(3_600_000)
})

test('throws for a missing file, with its name and the command that writes one', async () => {
  const reading = loadConfig(join(folder, 'absent.yaml'))
  await expect(reading).rejects.toThrow(ConfigInvalid)
  await expect(reading).rejects.toThrow(/absent\.yaml: there is no such file; .*--config.*outflow init/)
})

test('throws for a folder, with the code of the system', async () => {
  await expect(loadConfig(folder)).rejects.toThrow(/EISDIR; check that it is a file/)
})

test('a syntax error names file, line, column and the line itself', async () => {
  const reading = loadConfig(await aFile('broken.yaml', 'pipeline: flights\nsource: { topics: [flights\nfeatures: 1\n'))
  await expect(reading).rejects.toThrow(ConfigInvalid)
  await expect(reading).rejects.toThrow(/broken\.yaml, line \d+, column \d+: .*The line: ".+"/)
})

test('the error of a long line, as of a model file, has the beginning of the line (it had the whole line)', async () => {
  const failure = await loadConfig(await aFile('a.model', `metadata: "x" ${'x'.repeat(20_000)}`)).catch(String)
  expect(failure).toContain('The line: "metadata: ')
  expect(String(failure).length).toBeLessThan(500)
})

test('a file of several YAML documents is refused, with the line of the second (it named a function of the parser)', async () => {
  const reading = loadConfig(await aFile('two.yaml', 'pipeline: flights\n---\npipeline: trains\n'))
  await expect(reading).rejects.toThrow(/two\.yaml, line 2, column 1: a second YAML document begins, .*remove "---"/)
})

test('the error for an environment variable inside braces suggests quotes', async () => {
  const reading = loadConfig(await aFile('braces.yaml', 'postgres: { url: ${DATABASE_URL} }\n'))
  await expect(reading).rejects.toThrow(/line 1, .*quote \$\{NAME\}/)
})

test('a duplicate key is a syntax error', async () => {
  await expect(loadConfig(await aFile('twice.yaml', `${GOOD}pipeline: other\n`))).rejects.toThrow(/unique/)
})

test('issue 17.10: the error for an invalid configuration contains its path', async () => {
  const path = await aFile('payments.yaml', GOOD.replace('numeric', 'number'))
  await expect(loadConfig(path, { DATABASE_URL: 'postgres://x/y' })).rejects.toThrow(`${path} is not valid`)
  await expect(loadConfig(path, {})).rejects.toThrow(`${path} names environment variables that are not set`)
})

test('issue 17.28: a mapping whose key is a collection is not quoted in a warning', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const text = `${GOOD}extra: { { secret: whsec_hidden }: y }\n`
  await expect(loadConfig(await aFile('keys.yaml', text), { DATABASE_URL: 'postgres://localhost/x' })).rejects.toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('whsec_hidden') }),
  )
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})

test('an anchor may be used more than 100 times (it was reported as missing)', async () => {
  const others = Array.from({ length: 120 }, (_, at) => `\n  - { path: $.field${at}, type: *kind }`).join('')
  const text = GOOD.replace('type: numeric }', `type: &kind numeric }${others}`)
  const config = await loadConfig(await aFile('aliases.yaml', text), { DATABASE_URL: 'postgres://localhost/outflow' })
  expect(config.features).toHaveLength(121)
})

test('aliases that multiply each other are rejected with their cause', async () => {
  const lists = Array.from({ length: 8 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]\n`).join('')
  const reading = loadConfig(await aFile('laughs.yaml', `l0: &l0 [x]\n${lists}`))
  await expect(reading).rejects.toThrow(/laughs\.yaml: its aliases repeat too much/)
})

test.each(['extra: &it [*it]', 'extra: &it { more: [{ most: *it }] }'])(
  'issue 17: an anchor that contains its own alias is a syntax error: %s',
  async (line) => {
    const reading = loadConfig(await aFile('endless.yaml', `${GOOD}${line}\n`))
    await expect(reading).rejects.toThrow(ConfigInvalid)
    await expect(reading).rejects.toThrow(/endless\.yaml: an alias is inside its own anchor/)
  },
)
