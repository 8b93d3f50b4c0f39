import { launchInfrastructure } from '@outflow/launcher'

/** A program that tests kill: it launches servers, prints their addresses as one JSON line, and waits. */
const { kafka, postgres } = await launchInfrastructure()
console.log(JSON.stringify({ brokers: kafka.brokers, url: postgres.url }))
setInterval(() => {}, 1_000)
