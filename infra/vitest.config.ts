import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import ProgramsFirst from './programs-first.js'

const root = fileURLToPath(new URL('..', import.meta.url))
// Vitest hands these to its workers' Node as well, where 'import' among them would break every require() of a package
// that has both kinds of entry (pg is one).
const fromSource = { conditions: ['source', 'node'] }
// On real servers and processes: a minute or two on a loaded machine is no bug.
const onServers = {
  globalSetup: './test/support/global-setup.ts',
  setupFiles: './test/support/open-handles.ts',
  testTimeout: 120_000,
  hookTimeout: 180_000,
}

export default defineConfig({
  root,
  resolve: fromSource,
  ssr: { resolve: fromSource },
  test: {
    reporters: ['default', './infra/closing-line-reporter.ts'],
    // By default Vitest leaves one processor to itself: on a machine with two, half of them.
    maxWorkers: '100%',
    sequence: { sequencer: ProgramsFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'services/console/page/src/**/*.test.ts',
            '{libs,services}/*/src/**/*.test.ts',
            'infra/*.test.ts',
            'infra/launcher/src/**/*.test.ts',
            'test/{bench,fuzz,simulation}/**/*.test.ts',
          ],
          setupFiles: './infra/seeded.ts',
          // Unit tests share no state; one process for many files saves a fresh start of about half a second per file.
          isolate: false,
          // Ten times what the slowest takes alone: on a shared machine, the default of five seconds is too short.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          ...onServers,
          name: 'integration',
          include: ['test/{integration,e2e}/**/*.test.ts'],
          // Four on two processors, as tests wait for sessions, processes and servers. The one Kafka and the one Postgres are small.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...onServers,
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          // One file at a time: each runs several services, and measures how long they take to end.
          fileParallelism: false,
          testTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          // Two at a time: one waits for npm while the other computes.
          maxWorkers: 2,
          // Ten times what the slowest takes alone: npm installs from the network, and a demo is a minute.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
