#!/usr/bin/env node
import { main } from '../dist/index.js'

// kafkajs forgets the other connection to a broker when one breaks; it would keep the process until the broker closes it after ten minutes.
process.exit(await main(process.argv))
