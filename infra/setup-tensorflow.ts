// `npm run setup:tensorflow`: builds @tensorflow/tfjs-node, whose install script npm does not run here (.npmrc).
//
// The C library is extracted from the `tensorflow-cpu` Python wheel, which the user's pip downloads; the addon is compiled from
// source against it. Both are cached, so that a run after the next `npm ci` takes seconds. The script writes only to
// node_modules/@tensorflow/tfjs-node and to the cache folder.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder } from './launcher/src/cached-folder.js'
import { ComponentStartFailed } from './launcher/src/errors.js'
import { lastLines, runCommand } from './launcher/src/run-command.js'

// 2.15 has every symbol that the addon of tfjs-node 4.22 requires, and its kernels agree with the wasm backend's.
const TENSORFLOW = '2.15.1'

const root = fileURLToPath(new URL('..', import.meta.url))
const tfjsNode = join(root, 'node_modules', '@tensorflow', 'tfjs-node')
const LIBRARY = `tensorflow/${TENSORFLOW}-${process.platform}-${process.arch}`

/** Additional file names under which the addon's build and the loader look for a library. */
const LIBRARY_NAMES = {
  'libtensorflow_cc.so.2': ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.9.1'],
  'libtensorflow_framework.so.2': ['libtensorflow_framework.so'],
}

/** Extracts the two libraries and the headers from the wheel. */
const UNPACK = `
import glob, sys, zipfile
[wheel] = glob.glob(sys.argv[1] + '/*.whl')
with zipfile.ZipFile(wheel) as archive:
    wanted = ('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/', 'tensorflow/include/xla/', 'tensorflow/include/tsl/')
    archive.extractall(sys.argv[1], [name for name in archive.namelist() if name.startswith(wanted)])
`

/** A failure that only the user can fix; its message is printed without a stack. */
class SetupFailed extends Error {}

try {
  if (loadError() === undefined) {
    log('@tensorflow/tfjs-node loads already')
  } else {
    checkPlatform()
    if (!existsSync(tfjsNode)) throw new SetupFailed('@tensorflow/tfjs-node is not installed; run npm ci first')
    const library = await cachedFolder(LIBRARY, fetchLibrary)
    log(`libtensorflow ${TENSORFLOW} is in ${library}`)
    linkLibrary(library)
    const addon = join(library, addonName())
    if (!existsSync(addon)) await buildAddon(addon)
    cpSync(addon, join(tfjsNode, 'lib'), { recursive: true })
    const problem = loadError()
    if (problem !== undefined) throw new SetupFailed(`the addon was built but does not load: ${problem}`)
    log('@tensorflow/tfjs-node loads')
  }
  await compareBackends()
  log('done: fits use tfjs-node')
} catch (error: unknown) {
  if (!(error instanceof SetupFailed || error instanceof ComponentStartFailed)) throw error
  console.error(`setup:tensorflow: ${error.message}`)
  process.exitCode = 1
}

/** Loads tfjs-node in a new process and returns the error; undefined when it loads. */
function loadError(): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, ['-e', "require('@tensorflow/tfjs-node')"], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  })
  return status === 0 ? undefined : (/^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.slice(-300))
}

function checkPlatform(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const platform = `${process.platform}-${process.arch}`
    throw new SetupFailed(`only linux-x64 is supported, not ${platform}; outflow fits on wasm without the addon`)
  }
  const required = { python3: 'python3 and python3-pip', 'g++': 'g++', make: 'make' }
  for (const [command, debian] of Object.entries(required)) {
    if (spawnSync(command, ['--version']).error === undefined) continue
    throw new SetupFailed(`${command} is not installed; on Debian: apt-get install ${debian}`)
  }
}

async function fetchLibrary(folder: string): Promise<void> {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) {
    throw new SetupFailed('python3 has no pip; on Debian: apt-get install python3-pip')
  }
  const work = join(folder, 'unpacking')
  mkdirSync(work)
  log(`downloading tensorflow-cpu ${TENSORFLOW} through pip (207 MB)`)
  // The wheel is only unpacked, so its Python version need not match the installed one.
  const forPython = ['--python-version', '3.11', '--implementation', 'cp', '--platform', 'manylinux2014_x86_64']
  const wheel = ['--no-deps', '--only-binary', ':all:', ...forPython, `tensorflow-cpu==${TENSORFLOW}`]
  await run(
    'python3',
    ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--dest', work, ...wheel],
    work,
  )
  log('unpacking the library and its headers')
  await run('python3', ['-c', UNPACK, work], work)
  mkdirSync(join(folder, 'lib'))
  for (const library of Object.keys(LIBRARY_NAMES)) {
    renameSync(join(work, 'tensorflow', library), join(folder, 'lib', library))
  }
  renameSync(join(work, 'tensorflow', 'include'), join(folder, 'include'))
  rmSync(work, { recursive: true })
}

/** Links the library under the names that the addon's build and the loader look for; a copy would take 600 MB per checkout. */
function linkLibrary(folder: string): void {
  const deps = join(tfjsNode, 'deps')
  rmSync(deps, { recursive: true, force: true })
  mkdirSync(join(deps, 'lib'), { recursive: true })
  symlinkSync(join(folder, 'include'), join(deps, 'include'))
  for (const [library, names] of Object.entries(LIBRARY_NAMES)) {
    for (const name of [library, ...names]) symlinkSync(join(folder, 'lib', library), join(deps, 'lib', name))
  }
}

async function buildAddon(kept: string): Promise<void> {
  log('building the addon from its source')
  // Uses the headers of the installed Node, if it has them; otherwise node-gyp downloads them.
  const nodeHome = dirname(dirname(process.execPath))
  const hasHeaders = existsSync(join(nodeHome, 'include', 'node', 'node_api.h'))
  const headers = hasHeaders ? { npm_config_nodedir: nodeHome } : {}
  await run('npm', ['run', 'build-addon-from-source'], tfjsNode, headers)
  cpSync(join(tfjsNode, 'lib'), kept, { recursive: true })
}

function addonName(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(tfjsNode, 'package.json'), 'utf8'))
  return `addon-${version}-node-${process.versions.modules}`
}

/** Runs a small fit on each backend: the same rows and seed must give the same likelihoods, up to float32 rounding. */
async function compareBackends(): Promise<void> {
  const { fitFlow, openScorer, realNvpSpec } = await import('@outflow/flow')
  const rows = Float32Array.from({ length: 4_000 }, (_, at) => Math.sin(at * 12.9898) + 0.3 * Math.sin(at * 78.233))
  const context = new Float32Array(0)
  const settings = { spec: realNvpSpec(2), seed: 1, noise: Float32Array.of(0.05, 0.05), maxSteps: 50 }
  const nll = { wasm: Number.NaN, 'tfjs-node': Number.NaN }
  for (const backend of ['wasm', 'tfjs-node'] as const) {
    const { flow, report } = await fitFlow({ rows, context }, { ...settings, backend })
    const scorer = await openScorer(flow)
    const nlls = await scorer.nll(rows, context, rows.length / 2)
    await scorer.close()
    nll[backend] = nlls.reduce((total, value) => total + value, 0) / nlls.length
    const step = (report.durationMs / report.steps).toFixed(1)
    log(`${backend} ${report.backendVersion}: 50 steps of ${step} ms, mean NLL ${nll[backend].toFixed(5)} nats`)
  }
  // Rounding differs and accumulates over 50 steps; wrong kernels exceed this tolerance by far.
  if (!(Math.abs(nll.wasm - nll['tfjs-node']) < 1e-2)) {
    throw new SetupFailed(
      'the two backends disagree: this libtensorflow computes wrong results; delete the cache folder',
    )
  }
}

function run(command: string, args: readonly string[], cwd: string, extra: Readonly<Record<string, string>> = {}) {
  return runCommand(command, args, {
    cwd,
    env: { ...process.env, ...extra },
    reasonOf: (printed) => lastLines(printed, 15),
  })
}

function log(line: string): void {
  console.log(`setup:tensorflow: ${line}`)
}
