import { describe, expect, it } from 'vitest'
import {
  AnomalyUnknown,
  StatementCancelled,
  StoreLoginFailed,
  StoreRefused,
  StoreTlsFailed,
  StoreUnavailable,
  toStoreError,
  ValueRefused,
} from './errors.js'

const pgError = (code: string) => Object.assign(new Error(`pg said ${code}`), { code, severity: 'ERROR' })

describe('toStoreError', () => {
  it.each(['57P01', '57P03', '08006', '40001', '40P01', '53300', '55P03', '25006'])(
    'classifies %s as temporary',
    (code) => {
      expect(toStoreError(pgError(code))).toBeInstanceOf(StoreUnavailable)
    },
  )

  it.each(['53100', '58030', 'XX000'])(
    'waits for a server with a full or failing disk (%s; "could not write init file" ended all services)',
    (code) => {
      expect(toStoreError(pgError(code))).toBeInstanceOf(StoreUnavailable)
    },
  )

  it('has a separate class for a statement that timed out, with a fix (the message was that Postgres is not available)', () => {
    const timedOut = toStoreError(pgError('57014'))
    expect(timedOut).toBeInstanceOf(StatementCancelled)
    expect(timedOut).toMatchObject({
      message: expect.stringMatching(/^Postgres cancelled a statement: /),
      fix: expect.stringMatching('fewer rows'),
    })
    expect(toStoreError(pgError('57P01'))).not.toBeInstanceOf(StatementCancelled)
  })

  it.each(['23514', '42501', '3D000', '22P05'])('classifies %s as refused', (code) => {
    expect(toStoreError(pgError(code))).toBeInstanceOf(StoreRefused)
  })

  it.each(['22P05', '23514', '54000'])(
    'classifies %s as a refused value, which makes the record a dead letter',
    (code) => {
      expect(toStoreError(pgError(code))).toBeInstanceOf(ValueRefused)
    },
  )

  it('reports the wrong id of a reviewer as such (it was a refused statement, with exit code 1)', () => {
    const error = Object.assign(pgError('P0002'), { hint: 'analyst.anomalies lists ids.' })
    expect(toStoreError(error)).toBeInstanceOf(AnomalyUnknown)
    expect(toStoreError(error)).toMatchObject({ message: 'pg said P0002; analyst.anomalies lists ids.' })
  })

  it('recognises the connection errors that pg throws without a code', () => {
    for (const message of [
      'Connection terminated unexpectedly',
      'Connection terminated due to connection timeout',
      'timeout exceeded when trying to connect',
      'Query read timeout',
      'Client has encountered a connection error and is not queryable',
      // A server or proxy that stops during the handshake; it ended ingest as a wrong port.
      'Client network socket disconnected before secure TLS connection was established',
    ]) {
      expect(toStoreError(new Error(message))).toBeInstanceOf(StoreUnavailable)
    }
    expect(toStoreError(Object.assign(new Error(''), { code: 'ECONNREFUSED' }))).toMatchObject({
      message: 'Postgres is not available: ECONNREFUSED; start Postgres, or correct postgres.url',
    })
  })

  it('names the fix of a refused login, an unknown database and missing migrations', () => {
    expect(toStoreError(pgError('28P01'))).toMatchObject({
      fix: expect.stringMatching(/password in postgres.url.*services read them at their start/),
    })
    expect(toStoreError(pgError('3D000'))).toMatchObject({ fix: expect.stringMatching(/^create the database, or/) })
    expect(toStoreError(pgError('42P01'))).toMatchObject({
      message: 'Postgres refused: pg said 42P01; run outflow migrate',
    })
  })

  it('names the fix of a database that is read-only, is behind a pooler, has no free connection, or denies a right', () => {
    expect(toStoreError(pgError('25006'))).toMatchObject({ fix: expect.stringMatching('address of the primary') })
    expect(toStoreError(pgError('08P01'))).toMatchObject({ fix: expect.stringMatching('not that of a pooler') })
    expect(toStoreError(pgError('53300'))).toMatchObject({
      fix: expect.stringMatching(/max_connections.* 20 connections, 25 with webhooks/),
    })
    const denied = (message: string) => toStoreError(Object.assign(pgError('42501'), { message }))
    expect(denied('permission denied for database outflow')).toMatchObject({
      fix: expect.stringMatching('grant create'),
    })
    expect(denied('permission denied for database "outflow"')).toMatchObject({
      fix: expect.stringMatching('grant connect'),
    })
    expect(denied('permission denied to create database')).toMatchObject({
      fix: expect.stringMatching('alter role USER createdb'),
    })
    expect(denied('permission denied for schema outflow')).toMatchObject({
      fix: expect.stringMatching('outflow migrate'),
    })
  })

  it('distinguishes a refused login and failed TLS from temporary errors', () => {
    expect(toStoreError(pgError('28P01'))).toBeInstanceOf(StoreLoginFailed)
    const untrusted = Object.assign(new Error('self-signed'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    expect(toStoreError(untrusted)).toBeInstanceOf(StoreTlsFailed)
    expect(toStoreError(new Error('The server does not support SSL connections'))).toBeInstanceOf(StoreTlsFailed)
  })

  it('returns errors of other origins unchanged', () => {
    const defect = new TypeError('x is undefined')
    expect(toStoreError(defect)).toBe(defect)
    expect(toStoreError('text')).toBe('text')
  })
})
