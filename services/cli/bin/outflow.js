#!/usr/bin/env node
import { main } from '../dist/index.js'

// When one connection to a broker breaks, kafkajs drops the other one without closing it, which would keep the process alive for ten minutes.
process.exit(await main(process.argv))
