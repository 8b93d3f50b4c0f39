#!/usr/bin/env node
import module from 'node:module'

// From Node 22.1 on, commands start in two thirds of the time.
module.enableCompileCache?.()
const { main } = await import('../dist/index.js')

// When one connection to a broker breaks, kafkajs drops the other one without closing it, which would keep the process alive for ten minutes.
process.exit(await main(process.argv))
