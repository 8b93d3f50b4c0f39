import { loadConfig } from '@outflow/runtime'
import { makeKafka } from '@outflow/streams'
import type { Terminal } from '@outflow/terminal'
import { withStore } from '../../store-access.js'
import { type Finding, runChecks } from './check.js'
import { checksOf } from './checks.js'

export interface DoctorOptions {
  readonly config: string
  readonly json?: true
}

/** Kafka repeats for 0.6 s: long enough for a broker that is up, and a broker that is down is reported soon. */
const RETRIES = 2

/** Prints what every check found. @returns whether none failed */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<boolean> {
  const config = await loadConfig(options.config)
  const kafka = makeKafka({ ...config.kafka, retries: RETRIES })
  const findings: Finding[] = []
  await withStore(config.postgres.url, async (pool) => {
    for (const found of runChecks(checksOf({ config, configPath: options.config, kafka, pool }))) {
      const finding = await found
      findings.push(finding)
      if (!options.json) await terminal.result(lineOf(finding, terminal))
    }
  })
  const ok = findings.every((finding) => finding.ok)
  if (options.json) await terminal.result(`${JSON.stringify({ ok, pipeline: config.pipeline, findings })}\n`)
  return ok
}

function lineOf({ name, ok, detail, fix }: Finding, { paintResult: paint }: Terminal): string {
  const sign = !ok ? paint.red('✗') : fix === null ? paint.green('✓') : paint.yellow('!')
  return `${sign} ${name.padEnd(10)} ${detail}${fix === null ? '' : `; ${paint.bold(`fix: ${fix}`)}`}\n`
}
