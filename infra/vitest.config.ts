import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import ProgramsFirst from './programs-first.js'

const root = fileURLToPath(new URL('..', import.meta.url))
// Vitest also passes these conditions to Node in its workers. With 'import' among them, require() of a package that has both
// kinds of entry points, such as pg, would fail.
const withConditions = (conditions: string[]) => ({ resolve: { conditions }, ssr: { resolve: { conditions } } })
const fromSource = withConditions(['source', 'node'])
// The built packages, which Node loads itself: a fresh process per file, thread and fit then starts in a third of the CPU time. The
// commands that these tests run are the built ones too.
const fromBuild = withConditions(['node'])
// Test files with `vi.mock`, which have a process each; infra/shared-process.ts states why.
const REPLACES_MODULES = '**/*.mocked.test.ts'
const BUILT_PACKAGES = /\/(libs|services|infra)\/[^/]+\/dist\//
// For tests on real servers and processes, which may take a minute or two on a loaded machine.
const onServers = {
  globalSetup: './test/support/global-setup.ts',
  setupFiles: './test/support/open-handles.ts',
  testTimeout: 120_000,
  hookTimeout: 180_000,
}

export default defineConfig({
  root,
  test: {
    reporters: ['default', './infra/closing-line-reporter.ts'],
    // By default Vitest leaves one processor unused, which is half of a machine with two. Integration and end-to-end tests mostly wait for
    // sessions, processes and servers: four at a time keep two processors busy. More would overload their one small Kafka and Postgres.
    maxWorkers: 4,
    sequence: { sequencer: ProgramsFirst },
    projects: [
      {
        ...fromSource,
        extends: true,
        test: {
          name: 'unit',
          include: [
            'services/console/page/src/**/*.test.ts',
            '{libs,services}/*/src/**/*.test.ts',
            'infra/*.test.ts',
            'infra/launcher/src/**/*.test.ts',
            'test/{bench,fuzz}/**/*.test.ts',
          ],
          exclude: [REPLACES_MODULES, '**/node_modules/**'],
          setupFiles: ['./infra/unit-setup.ts', './infra/shared-process.ts'],
          // Unit tests share no state; one process for many files saves a fresh start of about half a second per file.
          isolate: false,
          // Ten times the slowest test alone: on a shared machine, the default of five seconds is too short.
          testTimeout: 30_000,
        },
      },
      {
        ...fromSource,
        extends: true,
        test: {
          name: 'unit with mocked modules',
          include: [REPLACES_MODULES],
          setupFiles: './infra/unit-setup.ts',
          testTimeout: 30_000,
        },
      },
      {
        ...fromBuild,
        extends: true,
        test: {
          ...onServers,
          name: 'integration',
          include: ['test/{integration,e2e}/**/*.test.ts'],
          // Loading the packages takes about a second per process. test/support/open-handles.ts separates the files of a process.
          isolate: false,
          server: { deps: { external: [BUILT_PACKAGES] } },
        },
      },
      {
        ...fromSource,
        extends: true,
        test: {
          ...onServers,
          name: 'crash',
          include: ['test/{crash,simulation}/**/*.test.ts'],
          // One file at a time: each runs several services, and measures how long they take to end.
          fileParallelism: false,
          testTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSource,
        extends: true,
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          // Two at a time: one waits for npm while the other computes.
          maxWorkers: 2,
          // Ten times the slowest test alone: npm installs from the network, and a demo takes a minute.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
