import { createRequire } from 'node:module'
import util from 'node:util'
import { BackendUnavailable } from '../errors.js'
import { core } from './tfjs.js'

/** The two TensorFlow.js backends that a flow is fitted on. */
export type BackendName = 'tfjs-node' | 'wasm'

/** The backend that this process computes with. */
export interface Backend {
  readonly name: BackendName
  readonly version: string
}

/**
 * Selects the TensorFlow.js backend of this process: the given one, otherwise tfjs-node if its native library loads,
 * otherwise wasm. Opening the backend that is already open returns at once.
 *
 * @throws {BackendUnavailable} when the wanted one does not load
 */
export function openBackend(prefer?: BackendName): Promise<Backend> {
  return inTurn(() => open(prefer))
}

/** Keeps the open backend, and opens wasm if there is none: for computations on plain arrays, which are the same on both. */
export function keepBackend(): Promise<Backend> {
  return inTurn(() => open(core().getBackend() === REGISTERED_AS['tfjs-node'] ? 'tfjs-node' : 'wasm'))
}

/** Opens one backend after another: tfjs returns a backend's name from the beginning of its start, and cannot start two at once. */
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const outcome = latest.then(act)
  latest = outcome.catch(() => {})
  return outcome
}

let latest: Promise<unknown> = Promise.resolve()

async function open(prefer: BackendName | undefined): Promise<Backend> {
  if (prefer === 'wasm') return use('wasm', core().version_core)
  const native = loadTfjsNode()
  if (native.version !== undefined) return use('tfjs-node', native.version)
  if (prefer === undefined) return use('wasm', core().version_core)
  throw new BackendUnavailable(
    `@tensorflow/tfjs-node does not load (${native.problem}); run \`npm run setup:tensorflow\`, or use wasm`,
    { values: { backend: prefer } },
  )
}

/** Whether the backend that `getBackend` returns has started. */
let hasStarted = true

async function use(name: BackendName, version: string): Promise<Backend> {
  const registered = REGISTERED_AS[name]
  if (core().getBackend() !== registered) {
    // Loading registers the backend. Loaded on demand, because scoring does not need it; tfjs.ts explains why by `require`.
    if (name === 'wasm') createRequire(import.meta.url)('@tensorflow/tfjs-backend-wasm')
    hasStarted = await withoutNewCrashHandlers(() => core().setBackend(registered))
  }
  if (!hasStarted) {
    throw new BackendUnavailable(`the TensorFlow.js backend ${name} does not start on this machine`)
  }
  return { name, version }
}

/**
 * The wasm module adds process-wide crash handlers at start-up that rethrow every error with its minified source. They are
 * removed, so that services can install their own.
 */
async function withoutNewCrashHandlers<T>(act: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = new Map(events.map((event) => [event, new Set<unknown>(process.rawListeners(event))]))
  const outcome = await act()
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)!.has(listener)) process.off(event, listener as () => void)
    }
  }
  return outcome
}

/** The names under which tfjs registers the backends. */
export const REGISTERED_AS: Readonly<Record<BackendName, string>> = { 'tfjs-node': 'tensorflow', wasm: 'wasm' }

type Native = { version: string; problem?: never } | { version?: never; problem: string }

let native: Native | undefined

/** Loads the native backend once; its kernels register themselves with the tfjs-core that is already loaded. */
function loadTfjsNode(): Native {
  native ??= (() => {
    // One thread: a fit of a small net is no faster on more, and sums come out in the same order every time.
    process.env.TF_NUM_INTRAOP_THREADS ??= '1'
    process.env.TF_NUM_INTEROP_THREADS ??= '1'
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
    defineRemovedUtilities()
    try {
      const loaded: { version?: Record<string, string> } = createRequire(import.meta.url)('@tensorflow/tfjs-node')
      return { version: loaded.version?.['tfjs-node'] ?? 'unknown' }
    } catch (error: unknown) {
      return { problem: reasonOf(error) }
    }
  })()
  return native
}

/**
 * Defines the two functions of node:util that Node 23 removed and that tfjs-node 4.22, its last release, still calls. Its
 * repository has the fix (tensorflow/tfjs, pull request 8425).
 */
function defineRemovedUtilities(): void {
  const utilities: { isNullOrUndefined?: unknown; isArray?: unknown } = util
  utilities.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  utilities.isArray ??= Array.isArray
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return code === 'MODULE_NOT_FOUND' ? 'it is not installed' : error.message.split('\n')[0]!.trim()
}
