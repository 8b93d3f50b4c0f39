import { describe, expect, it } from 'vitest'
import { toContainerEnvironment, toProperties } from './broker-settings.js'

describe('broker settings', () => {
  it('are written as a properties file', () => {
    expect(toProperties({ 'node.id': '1', 'process.roles': 'broker' })).toBe('node.id=1\nprocess.roles=broker\n')
  })

  it('are written in ASCII, as Java reads them (a folder with the name Zoë was another one)', () => {
    expect(toProperties({ 'log.dirs': '/tmp/Zoë/😀' })).toBe('log.dirs=/tmp/Zo\\u00eb/\\ud83d\\ude00\n')
  })

  it('are passed to the container image as environment variables', () => {
    expect(toContainerEnvironment({ 'transaction.state.log.min.isr': '1' })).toEqual({
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    })
  })
})
