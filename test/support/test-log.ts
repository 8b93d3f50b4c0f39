import { type Log, makeLog } from '@outflow/runtime'

/** @returns the log of services that run in the test's process: errors, or with OUTFLOW_TEST_LOG=1 everything */
export const testLog = (): Log =>
  makeLog({ service: 'test', level: process.env.OUTFLOW_TEST_LOG === '1' ? 'debug' : 'error' })
