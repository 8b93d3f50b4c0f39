import type { OutflowError } from '@outflow/errors'
import { type Log, makeMetrics } from '@outflow/runtime'
import { expect, test, vi } from 'vitest'
import { makeTelemetry } from './telemetry.js'
import { makeWebhookTelemetry } from './webhooks/telemetry.js'

test('of an outage attempts 1, 2, 4, 8 … are logged (each was, every 5 s), and each error that needs a person', async () => {
  const log = { warn: vi.fn(), error: vi.fn() }
  const metrics = makeMetrics()
  const { relayInterrupted, explainerInterrupted } = makeTelemetry(log as unknown as Log, metrics)
  const { interrupted } = makeWebhookTelemetry(log as unknown as Log, metrics, [])
  const outage = { retryable: true } as OutflowError
  for (let attempt = 1; attempt <= 9; attempt++) {
    for (const report of [relayInterrupted, explainerInterrupted, interrupted]) report(outage, attempt, 5_000)
    relayInterrupted({ retryable: false } as OutflowError, attempt, 5_000)
  }
  for (const event of ['relay interrupted', 'explainer interrupted', 'webhooks interrupted']) {
    const attempts = log.warn.mock.calls.filter(([, logged]) => logged === event).map(([{ attempt }]) => attempt)
    expect(attempts).toEqual([1, 2, 4, 8])
  }
  expect(log.error).toHaveBeenCalledTimes(9)
  expect(await metrics.text()).toContain('outflow_relay_interruptions_total 18')
})

test('counters of messages begin at 0 (the dashboard did not show the first one that was not sent)', async () => {
  const metrics = makeMetrics()
  makeTelemetry({} as Log, metrics)
  for (const name of ['outbox_sent', 'messages_shortened', 'messages_not_sent'])
    expect(await metrics.text()).toContain(`outflow_${name}_total{kind="dead_letter"} 0`)
})
