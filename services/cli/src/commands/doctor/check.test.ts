import { StoreRefused } from '@outflow/store'
import { describe, expect, it } from 'vitest'
import { CheckFailed, NotYetCreated, runCheck, runChecks } from './check.js'

const check = (run: () => Promise<string>) => ({ name: 'broker', run, fix: 'start Kafka' })

describe('runCheck', () => {
  it('returns the result of the check', async () => {
    expect(await runCheck(check(async () => '3 brokers'))).toEqual({
      name: 'broker',
      ok: true,
      detail: '3 brokers',
      fix: null,
    })
  })

  it('returns the fix of a CheckFailed, and the fix of the check for any other error', async () => {
    const refused = async (): Promise<string> => {
      throw new Error('connect ECONNREFUSED\n  at …')
    }
    const lacking = async (): Promise<string> => {
      throw new CheckFailed('2 pending', 'outflow migrate')
    }
    expect(await runCheck(check(refused))).toMatchObject({
      ok: false,
      detail: 'connect ECONNREFUSED',
      fix: 'start Kafka',
    })
    expect(await runCheck(check(lacking))).toMatchObject({ ok: false, detail: '2 pending', fix: 'outflow migrate' })
  })

  it('returns the fix of an error that has one', async () => {
    const absent = async (): Promise<string> => {
      throw new StoreRefused('Postgres refused: database "x" does not exist', { fix: 'create it' })
    }
    const detail = 'Postgres refused: database "x" does not exist'
    expect(await runCheck(check(absent))).toEqual({ name: 'broker', ok: false, detail, fix: 'create it' })
  })

  it('fails a check that does not answer in time', async () => {
    const neverAnswers = () => new Promise<string>(() => {})
    expect(await runCheck(check(neverAnswers), 5)).toMatchObject({ ok: false, detail: 'no answer within 0.005 s' })
  })
})

describe('runChecks', () => {
  it('reports a NotYetCreated as a warning: passed, with a fix', async () => {
    const model = async (): Promise<string> => {
      throw new NotYetCreated('none yet', 'wait')
    }
    const [found] = runChecks([check(model)])
    expect(await found).toEqual({ name: 'broker', ok: true, detail: 'none yet', fix: 'wait' })
  })

  it('skips checks that depend on a failed one', async () => {
    const refused = async (): Promise<string> => {
      throw new Error('connect ECONNREFUSED')
    }
    const never = () => new Promise<string>(() => {})
    const checks = [
      check(refused),
      { ...check(never), name: 'topics', needs: 'broker' },
      { ...check(never), name: 'records', needs: 'topics' },
      { ...check(async () => 'PostgreSQL 17'), name: 'database' },
    ]
    expect(await Promise.all(runChecks(checks))).toMatchObject([
      { name: 'broker', ok: false, fix: 'start Kafka' },
      { name: 'topics', ok: false, detail: 'not checked: it needs broker', fix: null },
      { name: 'records', ok: false, detail: 'not checked: it needs topics', fix: null },
      { name: 'database', ok: true },
    ])
  })
})
