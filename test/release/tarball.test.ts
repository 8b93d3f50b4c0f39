import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followFirstTopic } from '../support/first-topic.js'
import { NODES, nodeBinary } from '../support/nodes.js'
import { runToEnd } from '../support/run-outflow.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { version }: { version: string } = createRequire(import.meta.url)('../../package.json')
const tarballs = { outflow: `build/outflow-${version}.tgz`, flow: `build/outflow-flow-${version}.tgz` }
const checksums = () =>
  Object.values(tarballs).map((file) =>
    createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex'),
  )

/** An empty folder in which a test installs each package, as a user does. */
let folder: string
beforeAll(async () => {
  // Postgres does not run as root: the launcher starts it as another user, who needs access to the folder.
  folder = await mkdtemp(join(tmpdir(), 'outflow-release-test-'))
  await chmod(folder, 0o755)
  await pack()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function pack(): Promise<void> {
  const ran = await runToEnd(process.execPath, ['--import', 'tsx', 'infra/pack.ts'], { cwd: root })
  expect(ran.code, ran.stderr).toBe(0)
}

async function install(what: string, into: string, env: Record<string, string> = {}): Promise<void> {
  await mkdir(into, { recursive: true })
  const args = ['install', '--no-audit', '--no-fund', what]
  const ran = await runToEnd('npm', args, { cwd: into, env })
  expect(ran.code, ran.stderr).toBe(0)
}

it('packs the same bytes again', async () => {
  const before = checksums()
  await pack()
  expect(checksums()).toEqual(before)
})

it('can be installed globally', async () => {
  const prefix = join(folder, 'global')
  await install(join(root, tarballs.outflow), prefix, { npm_config_global: 'true', npm_config_prefix: prefix })
  const ran = await runToEnd(join(prefix, 'bin', 'outflow'), ['schema', '--event', 'outflow.anomaly.v1'], {
    cwd: folder,
  })
  expect(ran.code, ran.stderr).toBe(0)
  expect(JSON.parse(ran.stdout)).toHaveProperty('$schema')
  await rm(prefix, { recursive: true })
})

describe('the package outflow, installed into an empty folder', () => {
  let user: string
  const outflow = (node: string, args: readonly string[], env: Record<string, string> = {}) =>
    runToEnd(node, [join(user, 'node_modules', '.bin', 'outflow'), ...args], { cwd: user, env })

  beforeAll(async () => {
    user = join(folder, 'outflow')
    await install(join(root, tarballs.outflow), user)
  })

  it('takes at most 450 MB, without tests and development tools', async () => {
    const { stdout } = await runToEnd('du', ['-sk', 'node_modules'], { cwd: user })
    expect(Number.parseInt(stdout, 10) / 1024).toBeLessThanOrEqual(450)
    const tools = ['typescript', 'vitest', 'esbuild', 'tsx', '@biomejs', 'vite']
    expect(tools.filter((name) => existsSync(join(user, 'node_modules', name)))).toEqual([])
    const files = readdirSync(join(user, 'node_modules', 'outflow'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => /\.test\.|[\\/]test-|\.laws\.|[\\/]parity[\\/]|\.tsbuildinfo$/.test(file))).toEqual(
      [],
    )
  })

  it('has a bill of materials', async () => {
    // npm identifies the folder itself by its name and version, too.
    await runToEnd('npm', ['pkg', 'set', 'name=user', 'version=1.0.0'], { cwd: user })
    const { code, stdout, stderr } = await runToEnd('npm', ['sbom', '--sbom-format=cyclonedx'], { cwd: user })
    expect(code, stderr).toBe(0)
    const { components }: { components: readonly { name: string; version: string }[] } = JSON.parse(stdout)
    expect(components).toContainEqual(expect.objectContaining({ name: 'outflow', version }))
    expect(components).toContainEqual(expect.objectContaining({ name: 'onnxruntime-node' }))
  })

  it('has the licences of the packages whose code the page contains (minification removes their notices)', () => {
    const page = join(user, 'node_modules/outflow/node_modules/@outflow/console/dist-page')
    const licences = readFileSync(join(page, 'LICENSES.txt'), 'utf8')
    for (const author of ['Jason Miller', 'Preact Team', 'Leon Sorokin']) expect(licences).toContain(author)
  })

  it('fits the same model on every Node, which gives the same scores on each', async () => {
    const flights: object[] = createRequire(import.meta.url)('../../node_modules/vega-datasets/data/flights-20k.json')
    const lines = flights.slice(0, 800).map((flight) => JSON.stringify(flight))
    await writeFile(join(user, 'past.ndjson'), `${lines.join('\n')}\n`)
    await writeFile(join(user, 'today.ndjson'), `${lines.slice(-100).join('\n')}\n`)
    const nodes = [process.execPath, ...(await Promise.all(NODES.map(nodeBinary)))]
    const models = await Promise.all(
      nodes.map(async (node, at) => {
        const trained = await outflow(node, ['train', '--input', 'past.ndjson', '--output', `${at}.model`, '--json'])
        expect(trained.code, trained.stderr).toBe(0)
        return JSON.parse(trained.stdout).metadata.modelId as string
      }),
    )
    expect(new Set(models).size, models.join(' ')).toBe(1)
    const scores = await Promise.all(
      nodes.map(async (node) => {
        const scored = await outflow(node, ['score', '--model', '0.model', '--input', 'today.ndjson', '--output', '-'])
        expect(scored.code, scored.stderr).toBe(0)
        return scored.stdout
      }),
    )
    expect(scores[0]!.trim().split('\n')).toHaveLength(100)
    expect(new Set(scores).size).toBe(1)
  })

  // Only on one: the demo takes minutes, and test/release/demo.test.ts runs it on the Node of the test run.
  it('streams the demo on Node 26', async () => {
    const temporary = await mkdtemp(join(folder, 'demo-'))
    await chmod(temporary, 0o755)
    const env = { KAFKA_BROKERS: '', DATABASE_URL: '', TMPDIR: temporary }
    const ran = await outflow(await nodeBinary('26.10.0'), ['demo', '--once', '--json'], env)
    expect(ran.code, ran.stderr).toBe(0)
    // Node warns with the process id in brackets (of a negative timeout of kafkajs, as the first lines of the demo).
    expect(ran.stderr).not.toMatch(/^\(node:\d+\)/m)
    const summary = JSON.parse(ran.stdout)
    expect(summary).toMatchObject({ scored: 20_000, deadLettered: 20, alertsRepeated: 0 })
    expect(summary.alerts).toBe(summary.anomalies)
  })

  describe('follows the guide', () => {
    beforeAll(async () => {
      const [datasets] = /vega-datasets@[\d.]+/.exec(readFileSync(join(root, 'docs/guides/files.md'), 'utf8'))!
      await install(datasets, user)
    })

    it('to files, and finds the flight with the wrong unit', async () => {
      const guide = readFileSync(join(root, 'docs/guides/files.md'), 'utf8')
      const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block)
      const ran = await runToEnd('bash', ['-euo', 'pipefail', '-c', commands.join('')], { cwd: user })
      expect(ran.code, ran.stderr).toBe(0)
      expect(ran.stdout).toContain('normal with distance 2,475 instead of 3,983: kilometres instead of miles?')
    })

    it('to a first topic, from init to a preview of fewer alerts', async () => {
      const printed = await followFirstTopic(user)
      expect(printed.get(3)).toContain('features, 0 fields left out, from 9,000 of the latest records')
      expect(printed.get(4)).toContain('9,000 read, 0 would be dead letters')
      // An installed package has no npm scripts.
      expect(printed.get(4)).not.toContain('npm run')
      expect(printed.get(6)).toContain('Speed IAS in knots 3,000 is far above the usual')
      expect(printed.get(6)).toMatch(/^\d+ anomalies of birdstrikes as parquet/m)
      expect(printed.get(7)).toMatch(/^\d+ anomalies would have been \d+ alerts/m)
    })
  })
})

describe('the package @outflow/flow, installed into an empty folder', () => {
  it('runs the examples of its README', async () => {
    const user = join(folder, 'flow')
    // Otherwise the install script of onnxruntime-node downloads CUDA libraries.
    await install(join(root, tarballs.flow), user, { ONNXRUNTIME_NODE_INSTALL: 'skip' })
    const readme = readFileSync(join(user, 'node_modules', '@outflow', 'flow', 'README.md'), 'utf8')
    const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, example]) => example!)
    expect(examples.length).toBeGreaterThanOrEqual(2)
    const node = await nodeBinary('24.21.0')
    for (const [at, example] of examples.entries()) {
      await writeFile(join(user, `example-${at}.mts`), example)
      const ran = await runToEnd(node, [`example-${at}.mts`], { cwd: user })
      expect(ran.code, ran.stderr).toBe(0)
      expect(ran.stdout.trim()).not.toBe('')
      expect(ran.stdout).not.toMatch(/NaN|Infinity|undefined/)
    }
  })
})
