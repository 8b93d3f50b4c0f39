import type { TrainedDetector } from '@outflow/detector'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate } from '@outflow/store'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { type ServiceProcess, startService } from '../support/service-process.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

const SERVERS = ['postgres', 'kafka'] as const
type Server = (typeof SERVERS)[number]

test.for(SERVERS)(
  'no record is lost or counted twice over a restart and a power cut of %s',
  async (server, { skip }) => {
    const { pipeline, control } = await onOwn(server, skip)
    const services = startServices(pipeline)
    const feed = pipeline.feed(21)
    for (const how of ['stop', 'kill'] as const) {
      await pipeline.untilStoredMore(3_000)
      await control[how]()
      await Promise.all(services.map((service) => untilUnready(service, server)))
      await control.start()
      await Promise.all(services.map(untilReady))
    }
    await pipeline.untilStoredMore(5_000)
    await feed.stop()

    if (server === 'postgres') await services[0].logged('batch write retried')
    await expectEverythingOnce(pipeline)
  },
)

test.for(SERVERS)(
  'services stop and start while %s is down; records that were not written are read again',
  async (server, { skip }) => {
    const { pipeline, control } = await onOwn(server, skip)
    const services = startServices(pipeline)
    const feed = pipeline.feed(23)
    await pipeline.untilStoredMore(3_000)

    await control.stop()
    if (server === 'postgres') await services[0].logged('batch write retried')
    else await Promise.all(services.map((service) => untilUnready(service, server)))
    await expectGentleEnd(services)
    const next = startServices(pipeline)
    await Promise.all(next.map((service) => untilUnready(service, server)))
    await control.start()

    await pipeline.untilStoredMore(3_000)
    await Promise.all(next.map(untilReady))
    await feed.stop()
    await expectEverythingOnce(pipeline)
  },
)

/** A pipeline on a Postgres or a Kafka of its own: those of the run are shared with other tests. */
async function onOwn(server: Server, skip: (why: string) => never) {
  const launched = await launchInfrastructure({ need: [server] })
  onTestFinished(launched.stop)
  const control = launched[server].control ?? skip(`${server} is given: it must not be stopped`)
  if (server === 'kafka')
    return { control, pipeline: await aParcelPipeline({ model, brokers: launched.kafka.brokers }) }
  await migrate(launched.postgres.url)
  return { control, pipeline: await aParcelPipeline({ model, databaseUrl: launched.postgres.url }) }
}

function startServices({ configFile }: ParcelPipeline): [ingest: ServiceProcess, alerts: ServiceProcess] {
  return [startService('ingest', configFile), startService('alerts', configFile)]
}

/** Expects that SIGTERM ends the services within 10 s, with exit code 0. */
async function expectGentleEnd(services: readonly ServiceProcess[]): Promise<void> {
  for (const { code, tookMs } of await Promise.all(services.map((service) => service.terminate()))) {
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(10_000)
  }
}

/** Waits until `/readyz` of a service answers 503 and names the part that is down. */
async function untilUnready(service: ServiceProcess, part: Server): Promise<void> {
  const unready = await eventually(
    async () => {
      const readiness = await service.readiness()
      return Object.values(readiness.checks).some((checks) => checks[part]?.ok === false) && readiness
    },
    { what: `/readyz reports that ${part} is down` },
  )
  expect(unready.status).toBe(503)
}

async function untilReady(service: ServiceProcess): Promise<void> {
  await eventually(async () => (await service.readiness()).ready, { what: '/readyz reports ready' })
}
