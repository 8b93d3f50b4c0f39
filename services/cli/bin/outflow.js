#!/usr/bin/env -S node --max-semi-space-size=8
// Semi-spaces of 16 MiB, the limit of Node 20 and 22, or of 64 MiB, that of Node 24, take more memory for no less CPU (docs/design/ingest.md).
import { existsSync } from 'node:fs'
import module from 'node:module'

if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  console.error('outflow is not built; run `npm run build` first')
  process.exit(1)
}

// Until a service handles signals itself, nothing has to drain. Process 1 of a container ignores a signal without a handler.
const isService = process.argv[2] === 'run'
if (isService || process.pid === 1) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(isService ? 0 : 1)
    })
  }
}

// From Node 22.1 on, commands start in two thirds of the time.
module.enableCompileCache?.()
const { main } = await import('../dist/index.js')

// When one connection to a broker breaks, kafkajs drops the other one without closing it, which would keep the process alive for ten minutes.
process.exit(await main(process.argv))
