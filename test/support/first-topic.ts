import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchInfrastructure } from '@outflow/launcher'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { parse, stringify } from 'yaml'
import { eventually } from './eventually.js'
import { runToEnd } from './run-outflow.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const KCAT = `#!/bin/sh
exec ${process.execPath} --import ${root}node_modules/tsx/dist/loader.mjs ${root}test/support/kcat.ts "$@"
`

/**
 * Runs the shell blocks of docs/guides/first-topic.md as its reader does, on a Kafka and a Postgres of its own.
 *
 * @param folder  has outflow and the package of the table installed
 * @returns what the commands of each section print
 */
export async function followFirstTopic(folder: string): Promise<ReadonlyMap<number, string>> {
  const guide = readFileSync(join(root, 'docs/guides/first-topic.md'), 'utf8')
  const sections = guide.split(/^## (?=\d)/m)
  const blocksOf = (section: number) =>
    [...sections[section]!.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!)
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'kcat'), KCAT)
  await chmod(join(bin, 'kcat'), 0o755)
  const { kafka, postgres, stop } = await launchInfrastructure({ onProgress: () => {} })
  const env = { KAFKA_BROKERS: kafka.brokers.join(','), DATABASE_URL: postgres.url, PATH: `${bin}:${process.env.PATH}` }
  const run = async (commands: string) => {
    const ran = await runToEnd('bash', ['-euo', 'pipefail', '-c', commands], { cwd: folder, env })
    if (ran.code !== 0) throw new Error(`exit code ${ran.code} of\n${commands}\n${ran.stdout}\n${ran.stderr}`)
    return `${ran.stdout}${ran.stderr}`
  }
  const printed = new Map<number, string>()
  const follow = async (section: number, ...blocks: readonly string[]) => {
    for (const block of blocks) printed.set(section, `${printed.get(section) ?? ''}${await run(block)}`)
  }
  const rewrite = async (from: string, to: string, keys: object) => {
    const config = parse(await readFile(join(folder, from), 'utf8')) as object
    await writeFile(join(folder, to), stringify({ ...config, ...keys }))
  }
  try {
    const [, topics] = /^npm run --silent local -- (.*)$/m.exec(blocksOf(1)[0]!)!
    await ensureTopics(
      makeKafka({ brokers: kafka.brokers, clientId: 'first-topic' }),
      topics!.split(' ').map((topic) => ({ topic, partitions: 4 })),
    )
    await follow(2, ...blocksOf(2))
    await follow(3, ...blocksOf(3))
    await rewrite('outflow.yaml', 'outflow.yaml', { detection: { alertRate: 0.01 } })
    await follow(4, ...blocksOf(4))

    const [start, status] = blocksOf(5)
    // Without npx, which does not forward SIGTERM.
    const service = spawn('bash', ['-c', `exec ${start!.replace('npx ', 'node_modules/.bin/')}`], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: 'ignore',
    })
    try {
      await eventually(() => run(status!).then((table) => /^birdstrikes +[\d.]+ +0 +9,000 /m.test(table)), {
        what: 'the backlog is scored',
        withinMs: 400_000,
        everyMs: 5_000,
      })
      const [send, read, ...andThen] = blocksOf(6)
      await follow(6, send!)
      const alert = await eventually(() => run(read!).catch(() => null), { what: 'the alert is read', everyMs: 1_000 })
      printed.set(6, alert)
      const [, id] = /"id":"([^"]+)"/.exec(alert)!
      await follow(6, ...andThen.map((block) => block.replace(/^ID=.*$/m, `ID=${id}`)))
      const [verdict, suppress, preview] = blocksOf(7)
      await follow(7, `ID=${id}\n${verdict}`, suppress!)
      const alerts = { topic: 'birdstrikes.alerts', cooldown: '1h', grouping: { bucket: '10m' } }
      await rewrite('outflow.yaml', 'quieter.yaml', { alerts })
      await follow(7, preview!)
    } finally {
      service.kill('SIGTERM')
      await once(service, 'close')
    }
    return printed
  } finally {
    await stop()
  }
}
