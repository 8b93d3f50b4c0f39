import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { cachedFolder } from '../../infra/launcher/src/cached-folder.js'
import { findFreePort } from '../../infra/launcher/src/free-port.js'
import { eventually } from './eventually.js'
import { type Listening, onLoopback } from './on-loopback.js'

/** A registry with Confluent's API. */
export interface TestRegistry extends Listening {
  readonly description: string
}

interface NewSchema {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[]
}

/** The last release that runs on Java 17. */
const APICURIO = '2.6.13.Final'
const FETCH_MS = 90_000

/**
 * Starts a real registry, Apicurio from its Maven artefact (downloaded once, then cached). Where that is not possible, starts a server
 * with the recorded answers of Apicurio.
 */
export async function startSchemaRegistry(): Promise<TestRegistry> {
  try {
    return await startApicurio(await apicurioJar())
  } catch (error: unknown) {
    const why = (error as Error).message.split('\n')[0]
    return {
      ...(await startRecordedContract()),
      description: `the recorded contract, since Apicurio does not run: ${why}`,
    }
  }
}

/** @returns the schema's id */
export async function register(registry: TestRegistry, subject: string, schema: NewSchema): Promise<number> {
  const answer = await fetch(`${registry.url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(schema),
  })
  if (!answer.ok) throw new Error(`${subject} was not registered: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { readonly id: number }).id
}

async function apicurioJar(): Promise<string> {
  const run = promisify(execFile)
  const folder = await cachedFolder(`apicurio-${APICURIO}`, async (work) => {
    const artefact = `io.apicurio:apicurio-registry-app:${APICURIO}:tar.gz:all`
    const goal = ['dependency:copy', `-Dartifact=${artefact}`, `-DoutputDirectory=${work}`]
    await run('mvn', ['--batch-mode', '--quiet', ...goal], { timeout: FETCH_MS })
    await run('tar', ['-xzf', `apicurio-registry-app-${APICURIO}-all.tar.gz`], { cwd: work })
  })
  const jar = (await readdir(folder)).find((name) => name.endsWith('-runner.jar'))
  if (jar === undefined) throw new Error(`${folder} contains no runner jar`)
  return join(folder, jar)
}

async function startApicurio(jar: string): Promise<TestRegistry> {
  const port = await findFreePort()
  const child = spawn('java', ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', jar], {
    env: { ...process.env, QUARKUS_HTTP_HOST: '127.0.0.1', QUARKUS_HTTP_PORT: String(port) },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  exited.catch(() => {}) // java is missing: reported by the exit code
  const close = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await exited
  }
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const answers = () =>
    fetch(`${url}/schemas/types`).then(
      ({ ok }) => ok,
      () => false,
    )
  try {
    await eventually(async () => child.exitCode !== null || (await answers()), { what: 'Apicurio answers' })
    if (child.exitCode !== null) throw new Error(`java ended with ${child.exitCode}`)
  } catch (error: unknown) {
    await close()
    throw error
  }
  return { url, description: `Apicurio ${APICURIO} on ${url}`, close }
}

/** Answers of Apicurio to the requests of a serializer and of outflow, from memory. */
async function startRecordedContract(): Promise<TestRegistry> {
  const schemas: NewSchema[] = []
  const subjects = new Map<string, number[]>()
  const server = createServer(async (request, response) => {
    const [, kind, name = '', , version] = request.url!.split('/').map(decodeURIComponent)
    const say = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.method === 'POST') {
      const id = schemas.push((await json(request)) as NewSchema)
      subjects.set(name, [...(subjects.get(name) ?? []), id])
      return say(200, { id })
    }
    const id = kind === 'subjects' ? subjects.get(name)?.[Number(version) - 1] : Number(request.url!.split('/').at(-1))
    const schema = schemas[(id ?? 0) - 1]
    if (schema === undefined) {
      return say(404, { error_code: 40403, message: `No content with id/hash 'contentId-${id}' was found.` })
    }
    if (kind === 'schemas') return say(200, { references: [], ...schema })
    say(200, { subject: name, version: Number(version), id, references: [], ...schema })
  })
  return { ...(await onLoopback(server)), description: 'the recorded contract' }
}

/** A proxy to a registry that answers 503 until it is opened. */
export async function aGateTo(registry: TestRegistry) {
  let isOpen = false
  let refused = 0
  const server = createServer(async (request, response) => {
    if (!isOpen) {
      refused += 1
      response.writeHead(503).end('starting')
      return
    }
    const answer = await fetch(registry.url + request.url!)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  const { url, close } = await onLoopback(server)
  onTestFinished(close)
  return {
    url,
    /** Number of requests that were answered with 503. */
    refused: () => refused,
    open: () => {
      isOpen = true
    },
  }
}
