import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { OutflowError, UnexpectedError } from '@outflow/errors'
import { expect, test } from 'vitest'
import { type LogOptions, makeLog } from './log.js'

class PoolBusy extends OutflowError {
  readonly code = 'OUTFLOW_STORE_UNAVAILABLE'
}

class PoolDrained extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
}

const aTerminal = () => Object.assign(new PassThrough(), { isTTY: true })

function aLog(options: Pick<LogOptions, 'level'> = {}, destination = new PassThrough()) {
  const log = makeLog({ service: 'ingest', ...options, destination })
  const text = () => stripVTControlCharacters(String(destination.read() ?? ''))
  const lines = () =>
    text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log, text, lines }
}

test('a line is one JSON object with time, level, service, message and fields', () => {
  const { log, lines } = aLog()
  log
    .child({ pipeline: 'flights' })
    .warn({ topic: 'flights', partition: 3, offset: 9_007_199_254_740_993n }, 'batch scoring retried')
  const [line] = lines()
  expect(line).toMatchObject({
    level: 'warn',
    service: 'ingest',
    pipeline: 'flights',
    topic: 'flights',
    msg: 'batch scoring retried',
  })
  expect(line?.offset).toBe('9007199254740993')
  expect(line?.time).toMatch(/^\d{4}-.*Z$/)
})

test('the offsets of a list are text too (they were numbers, which readers of JSON round)', () => {
  const { log, text } = aLog()
  log.info({ partitions: [{ partition: 0, offset: 9_007_199_254_740_993n }] }, 'partitions sought')
  expect(text()).toContain('"partitions":[{"partition":0,"offset":"9007199254740993"}]')
})

test('an error is written with its code, its values and its causes', () => {
  const { log, lines } = aLog()
  const cause = new Error('connect postgres://outflow:hunter2@db:5432/x failed')
  log.error({ error: new PoolDrained('no connection left', { cause, values: { size: 4n } }) }, 'batch write failed')
  const [line] = lines()
  expect(line?.error).toMatchObject({
    code: 'OUTFLOW_UNEXPECTED',
    message: 'no connection left',
    values: { size: '4' },
  })
  expect(JSON.stringify(line)).toContain('postgres://outflow:[redacted]@db')
  expect(JSON.stringify(line)).not.toContain('hunter2')
})

test('the stack is written for an unexpected error and its cause, and not for a known error', () => {
  const cause = new Error('refused')
  const stacksOf = (error: Error) => {
    const { log, text } = aLog()
    log.error({ error }, 'batch failed')
    return text().match(/"stack":"/g) ?? []
  }
  expect(stacksOf(new UnexpectedError('x is not a function', { cause }))).toHaveLength(2)
  expect(stacksOf(new PoolBusy('no connection left', { cause }))).toEqual([])
})

test('secret fields are redacted at the top level and in nested objects', () => {
  const { log, lines } = aLog()
  log.info({ password: 'hunter2', config: { postgres: { url: 'postgres://a:hunter2@b/c' } } }, 'configuration read')
  expect(JSON.stringify(lines())).not.toContain('hunter2')
})

test('a line below the level is not written', () => {
  const { log, text } = aLog({ level: 'warn' })
  log.info('service started')
  expect(text()).toBe('')
})

test('the pretty form is one line per event, without the stack of a known error', () => {
  const { log, text } = aLog({}, aTerminal())
  log.warn({ error: new PoolBusy('no connection left', { cause: new Error('refused') }), attempt: 2 }, 'write retried')
  const written = text()
  expect(written.trimEnd().split('\n')).toHaveLength(1)
  expect(written).toMatch(/WARN.*write retried.*"error":"no connection left","attempt":2/)
})

test('the pretty form contains the stack of an unexpected error', () => {
  const { log, text } = aLog({}, aTerminal())
  log.error({ error: new TypeError('x is not a function') }, 'batch failed')
  expect(text()).toMatch(/x is not a function.*at .*log\.test/)
})

test('issue 17.13: many pretty logs to one destination add their listeners once', () => {
  const destination = aTerminal()
  const count = () => destination.eventNames().reduce((sum, name) => sum + destination.listenerCount(name), 0)
  makeLog({ service: 'ingest', destination })
  const one = count()
  for (let made = 0; made < 20; made++) makeLog({ service: 'trainer', destination }).info('started')
  expect(count()).toBe(one)
  expect(String(destination.read())).toContain('started')
})
