#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  console.error('outflow is not built; run `npm run build` first')
  process.exit(1)
}

// From Node 22.1 on, commands start in two thirds of the time.
module.enableCompileCache?.()
const { main } = await import('../dist/index.js')

// When one connection to a broker breaks, kafkajs drops the other one without closing it, which would keep the process alive for ten minutes.
process.exit(await main(process.argv))
