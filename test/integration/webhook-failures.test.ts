import { expect, onTestFinished, test } from 'vitest'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { kafkaBrokers } from '../support/infrastructure.js'
import { DAY_MS, retain } from '../support/retain.js'
import { readCommitted } from '../support/topic-reader.js'
import {
  aPipelineWith,
  aReceiver,
  config,
  deliveries,
  OURS,
  pool,
  queue,
  relaying,
  SECRET,
  untilAll,
} from '../support/webhook-pipeline.js'

test('redirects and forbidden addresses are not followed, and end as dead deliveries with the reason', async () => {
  const receiver = await aReceiver((response) => {
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  const { port } = new URL(receiver.url)
  const once = { retryFor: '1ms', kind: 'slack' }
  await aPipelineWith([
    { name: 'a-redirect', url: `${receiver.url}/first`, ...once, ...OURS },
    { name: 'b-address', url: `http://127.0.0.1:${port}/address`, ...once },
    { name: 'c-spelling', url: `http://2130706433:${port}/spelling`, ...once },
    { name: 'd-name', url: `http://localhost:${port}/name`, ...once, allow: ['10.0.0.0/8'] },
    { name: 'e-mapped', url: `http://[::ffff:127.0.0.1]:${port}/mapped`, ...once },
  ])
  relaying()
  await queue(['a'])
  const rows = await untilAll('dead', 5)
  expect(rows.map(({ status, failure }) => [status, failure])).toEqual([
    [307, expect.stringContaining('a redirect, which is not followed')],
    [null, expect.stringContaining('127.0.0.1 is not a public address')],
    [null, expect.stringContaining('127.0.0.1 is not a public address')],
    [null, expect.stringMatching(/^localhost resolves to .*127\.0\.0\.1.*, which is not a public address/)],
    [null, expect.stringContaining('is not a public address')],
  ])
  expect(receiver.received.map(({ path }) => path)).toEqual(['/first'])
})

test('receivers that hang, stream endlessly or are down delay neither Kafka nor the others', async () => {
  const hanging = await aReceiver(() => {})
  let release = () => {}
  const held = await aReceiver((response) => {
    release = () => response.end()
  })
  const endless = await aReceiver((response) => {
    const more = setInterval(() => response.write('x'.repeat(64 * 1024)), 1)
    response.on('close', () => clearInterval(more))
  })
  const once = { retryFor: '1ms', kind: 'slack', ...OURS }
  await aPipelineWith([
    { name: 'a-hanging', url: hanging.url, ...once, timeout: '300ms' },
    { name: 'b-gone', url: 'http://127.0.0.1:1', ...once },
    { name: 'c-endless', url: endless.url, ...once },
    { name: 'd-held', url: held.url, ...once, timeout: '5m' },
  ])
  relaying()
  await queue(['a'])
  await eventually(() => held.received.length === 1, { what: 'a request waits for its answer' })
  await queue(['b'])
  const queued = async () => (await deliveries()).filter(({ event_id }) => event_id === 'b').length === 4
  await eventually(queued, { what: 'Kafka has the next alert, and it is queued' })
  expect(await readCommitted(kafkaBrokers(), config.alerts.topic)).toHaveLength(2)
  const ofOthers = async () => (await deliveries()).filter(({ webhook }) => webhook !== 'd-held')
  await eventually(async () => (await ofOthers()).every(({ state }) => state !== 'waiting'), { what: 'the others end' })
  expect((await ofOthers()).map(({ state, failure }) => [state, failure])).toEqual([
    ['dead', 'no answer within 300 ms'],
    ['dead', 'no answer within 300 ms'],
    ['dead', 'connection failed (ECONNREFUSED)'],
    ['dead', 'connection failed (ECONNREFUSED)'],
    ['delivered', null],
    ['delivered', null],
  ])
  expect(await deliveries()).toContainEqual(
    expect.objectContaining({ webhook: 'd-held', event_id: 'a', state: 'waiting' }),
  )
  release()
})

test('an instance that no longer leads reports no open circuit and no health events (it did until it led again)', async () => {
  const receiver = await aReceiver((response) => {
    response.statusCode = 503
    response.end()
  })
  await aPipelineWith([{ name: 'tired', url: receiver.url, kind: 'slack', ...OURS }])
  const { vitals, said } = relaying()
  await queue(['a', 'b', 'c', 'd', 'e'])
  const reported = async () =>
    (await vitals.metrics.text()).match(/^outflow_(webhook_circuit|health_events)_open.* 1$/gm)
  await eventually(async () => (await reported())?.length === 2, { what: 'no model, and the circuit is open' })
  expect(said()).toContain('webhook circuit opened')
  const session = await pool.connect()
  onTestFinished(() => session.release())
  await session.query(
    `with led as (select name, pid from outflow.leaderships for update), taken as (
       update outflow.leaderships set pid = own.pid, backend_start = own.backend_start
       from pg_stat_activity as own where own.pid = pg_backend_pid()
     ) select pg_terminate_backend(pid) from led`,
  )
  await eventually(async () => (await reported()) === null, { what: 'nothing is reported' })
})

test('deliveries to the last webhook are given up when it is no longer configured (they waited forever)', async () => {
  await aPipelineWith([])
  await pool.query(
    `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload) values ($1, 'former', 'a', '{}')`,
    [config.pipeline],
  )
  relaying()
  await untilAll('dead', 1)
})

test('deliveries to a webhook that is no longer configured are given up, and old ones are deleted by retention', async () => {
  const receiver = await aReceiver()
  await aPipelineWith([{ name: 'present', url: receiver.url, kind: 'slack', ...OURS }])
  await pool.query(
    `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload) values ($1, 'former', 'a', '{}')`,
    [config.pipeline],
  )
  relaying()
  await queue(['b'])
  await eventually(
    async () => {
      const rows = await deliveries()
      return rows.length === 2 && rows.every(({ state }) => state !== 'waiting')
    },
    { what: 'both have ended' },
  )
  expect(await deliveries()).toMatchObject([
    { webhook: 'former', state: 'dead', failure: 'no webhook of this name is configured' },
    { webhook: 'present', state: 'delivered' },
  ])
  const left = async (days: number) => {
    await retain(pool, config.pipeline, { anomaliesMs: (10 - days) * DAY_MS, statisticsMs: (1 - days) * DAY_MS })
    return (await deliveries()).map(({ state }) => state)
  }
  expect(await left(0.5)).toEqual(['dead', 'delivered'])
  expect(await left(2)).toEqual(['dead'])
  expect(await left(11)).toEqual([])
})

test('given-up deliveries are listed and sent again by resend; secrets appear nowhere', async () => {
  let status = 422
  const receiver = await aReceiver((response, { path, headers }) => {
    response.statusCode = status
    response.end(`you said ${path} ${headers['webhook-signature']}`)
  })
  const token = 'T0K3N-Geheimnis-7c1d'
  const file = await aPipelineWith([
    { name: 'generic', url: `${receiver.url}/${token}`, secret: SECRET, ...OURS },
    { name: 'unused', url: `https://user:${token}@192.0.2.1/${token}`, kind: 'slack', retryFor: '1ms', timeout: '1s' },
  ])
  const { vitals, said } = relaying()
  await queue(['a', 'b'])
  await untilAll('dead', 4)
  await eventually(() => said().includes('webhook delivery given up'), { what: 'it is logged' })
  const listed = await callOutflow(['webhooks', 'list', '--config', file])
  const refused = await callOutflow(['webhooks', 'test', 'unused', '--config', file])
  const misspelt = await callOutflow(['webhooks', 'test', 'genric', '--config', file])
  expect(listed.stdout).toMatch(/generic +signed +127\.0\.0\.1:\d+ +0 +0 +2 +the receiver answered 422/)
  expect([refused.code, refused.stdout]).toEqual([
    1,
    expect.stringContaining('✗ unused  192.0.2.1 is not a public address'),
  ])
  expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('did you mean generic?')])

  status = 200
  const tried = await callOutflow(['webhooks', 'test', 'generic', '--config', file, '--json'])
  expect([tried.code, JSON.parse(tried.stdout)]).toMatchObject([0, [{ webhook: 'generic', ok: true, status: 200 }]])
  const resent = await callOutflow(['webhooks', 'resend', 'generic', '--event', 'b', '--config', file])
  expect(resent.stdout).toBe('1 event is queued again; the alerts service delivers\n')
  const unknown = await callOutflow(['webhooks', 'resend', 'generic', '--event', 'nosuch', '--config', file])
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no event nosuch is stored for generic') })
  await eventually(async () => (await deliveries()).find(({ state }) => state === 'delivered'), {
    what: 'b is delivered',
  })
  expect(receiver.received.at(-1)!.headers['webhook-id']).toBe('b')

  const tables = await pool.query('select jsonb_agg(d)::text from outflow.webhook_deliveries d')
  const everywhere = [
    said(),
    await vitals.metrics.text(),
    JSON.stringify(tables.rows),
    listed,
    refused,
    misspelt,
    resent,
  ]
  for (const text of everywhere.map((place) => JSON.stringify(place))) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(SECRET.slice(6))
  }
})
