import { spawnSync } from 'node:child_process'

// `npm run test:crash`, which finds Vitest on npm's path: the tests of this folder, or, with --kills, one long run.
if (process.argv.includes('--kills')) await import('./kills.js')
else {
  const options = ['run', '--config', 'infra/vitest.config.ts', '--project', 'crash', ...process.argv.slice(2)]
  process.exitCode = spawnSync('vitest', options, { stdio: 'inherit' }).status ?? 1
}
