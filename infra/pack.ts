// `npm run pack`: writes two tarballs into build/, ready for `npm install` and `npm publish`:
//   outflow-VERSION.tgz       the command line with every service; it bundles the workspaces
//   outflow-flow-VERSION.tgz  @outflow/flow as a library
// They contain compiled files, without tests, sources and source maps. The same sources give the same bytes.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Dependencies
  readonly optionalDependencies?: Dependencies
  readonly overrides?: Dependencies
  readonly [field: string]: unknown
}
type Dependencies = Readonly<Record<string, string>>

const root = fileURLToPath(new URL('..', import.meta.url))
const build = join(root, 'build')

/** Folders that a workspace needs at run time in addition to its compiled files. */
const DATA: Readonly<Record<string, readonly string[]>> = {
  '@outflow/cli': ['bin'],
  '@outflow/console': ['dist-page'],
  '@outflow/launcher': ['kafka'],
  '@outflow/store': ['migrations'],
}
const ONLY_FOR_TESTS = /\.(test|laws)\.ts$|\/test-[^/]*\.ts$|\/on-each-backend\.ts$|^\/parity\//

mkdirSync(build, { recursive: true })
packOutflow()
packFlow()

function packOutflow(): void {
  const stage = emptyStage('outflow')
  const workspaces = closureOf('@outflow/cli')
  for (const name of workspaces) copyBundled(name, stage)
  copyOnnxRuntime(join(stage, 'node_modules', 'onnxruntime-node'))
  copyFlights(join(stage, 'node_modules', 'vega-datasets'))
  const { name, version, description, license, repository, engines, overrides } = readManifest(root)
  const [dependencies, optionalDependencies] = (['dependencies', 'optionalDependencies'] as const).map((kind) =>
    Object.assign({}, ...workspaces.map((workspace) => readManifest(folderOf(workspace))[kind])),
  )
  const bundled = [...workspaces, 'onnxruntime-node', 'vega-datasets']
  // npm ignores the overrides of an installed package, so they are listed as dependencies.
  const all: Dependencies = { ...dependencies, ...overrides, '@outflow/cli': version }
  const { 'onnxruntime-common': onnxCommon } = readManifest(folderOf('onnxruntime-node')).dependencies!
  const { peerDependencies, peerDependenciesMeta } = readManifest(folderOf('@outflow/flow'))
  writeManifest(stage, {
    ...{ name, version, description, license, repository, engines },
    type: 'module',
    // The package contains ONNX Runtime only for these platforms.
    os: ['linux', 'darwin'],
    bin: { outflow: 'node_modules/@outflow/cli/bin/outflow.js' },
    exports: { './package.json': './package.json' },
    dependencies: sorted({ ...all, 'onnxruntime-common': onnxCommon! }),
    optionalDependencies: sorted(optionalDependencies),
    ...{ peerDependencies, peerDependenciesMeta },
    bundleDependencies: bundled,
  })
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) cpSync(join(root, file), join(stage, file))
  pack(stage)
}

function packFlow(): void {
  const stage = emptyStage('flow')
  copyWorkspace('@outflow/flow', stage)
  copyBundled('@outflow/errors', stage)
  const { repository } = readManifest(root)
  writeManifest(stage, { ...readManifest(stage), repository, bundleDependencies: ['@outflow/errors'] })
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'))
  cpSync(join(folderOf('@outflow/flow'), 'README.md'), join(stage, 'README.md'))
  pack(stage)
}

/** The names of a workspace and of all workspaces that it depends on. */
function closureOf(name: string, found = new Set<string>()): string[] {
  found.add(name)
  for (const dependency of Object.keys(readManifest(folderOf(name)).dependencies ?? {})) {
    if (dependency.startsWith('@outflow/') && !found.has(dependency)) closureOf(dependency, found)
  }
  return [...found].sort()
}

/**
 * Copies a workspace into the bundle of a package, without its dependencies, which the package lists itself. A global installation leaves the
 * folders of all dependencies of a bundled package empty (npm 10 and 11).
 */
function copyBundled(name: string, stage: string): void {
  const to = join(stage, 'node_modules', name)
  copyWorkspace(name, to)
  const { dependencies: _, optionalDependencies: __, ...manifest } = readManifest(to)
  writeManifest(to, manifest)
}

function copyWorkspace(name: string, to: string): void {
  const from = folderOf(name)
  for (const source of readdirSync(join(from, 'src'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!source.endsWith('.ts') || ONLY_FOR_TESTS.test(`/${source}`)) continue
    for (const extension of ['js', 'd.ts']) {
      const file = join('dist', source.replace(/ts$/, extension))
      if (!existsSync(join(from, file))) throw new Error(`${name} has no ${file}; run npm run build`)
      mkdirSync(dirname(join(to, file)), { recursive: true })
      // The source map that the last line names is not in the package.
      const code = readFileSync(join(from, file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
      writeFileSync(join(to, file), code)
    }
  }
  for (const folder of DATA[name] ?? [])
    cpSync(join(from, folder), join(to, folder), { recursive: true, dereference: true })
  const { private: _, devDependencies: __, exports = {}, files: ___, ...manifest } = readManifest(from)
  const compiled = Object.entries(exports).map(([path, { source: ____, ...conditions }]) => [path, conditions])
  writeManifest(to, { ...manifest, exports: Object.fromEntries(compiled) })
}

/**
 * Copies ONNX Runtime without the Windows libraries, without the second copy of the macOS library, and without the install
 * script, which would download CUDA libraries: 115 MB instead of 289.
 */
function copyOnnxRuntime(to: string): void {
  const from = folderOf('onnxruntime-node')
  const isWanted = (file: string) =>
    !/[\\/](win32|script|lib|node_modules|libonnxruntime\.[\d.]+\.\d+\.dylib)$|\.map$/.test(file)
  cpSync(from, to, { recursive: true, filter: (file) => file === from || isWanted(file.slice(from.length)) })
  const { scripts: _, dependencies: __, devDependencies: ___, ...manifest } = readManifest(from)
  writeManifest(to, manifest)
}

/** Copies only the demo's table, and the README, which states its licence and sources. */
function copyFlights(to: string): void {
  const from = folderOf('vega-datasets')
  for (const file of ['build/index.js', 'data/flights-20k.json', 'README.md']) cpSync(join(from, file), join(to, file))
  const { name, version, description, license, repository, type, exports } = readManifest(from)
  writeManifest(to, { name, version, description, license, repository, type, exports })
}

function emptyStage(name: string): string {
  const stage = join(build, name)
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage)
  return stage
}

function folderOf(name: string): string {
  return realpathSync(join(root, 'node_modules', name))
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function writeManifest(folder: string, manifest: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function sorted(dependencies: Dependencies): Dependencies {
  return Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function pack(stage: string): void {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', build], { cwd: stage, stdio: 'inherit' })
}
