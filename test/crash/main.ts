import { spawnSync } from 'node:child_process'

// `npm run test:crash` runs the tests of this folder, or one long run with kills or late answers. npm adds Vitest to the path.
if (process.argv.includes('--kills') || process.argv.includes('--of')) await import('./compared-runs.js')
else if (process.argv.includes('--faults')) await import('./late-faults.js')
else {
  const options = ['run', '--config', 'infra/vitest.config.ts', '--project', 'crash', ...process.argv.slice(2)]
  process.exitCode = spawnSync('vitest', options, { stdio: 'inherit' }).status ?? 1
}
