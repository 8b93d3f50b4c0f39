import { z } from 'zod'
import { alertEventSchema } from './alert-event.js'

export const HEALTH_EVENT_TYPE = 'outflow.health.v1'

interface HealthEventKind {
  /** A condition begins and ends; a moment happens once. */
  readonly lifetime: 'condition' | 'moment'
  /** critical: records are not scored, or reported anomalies are meaningless. */
  readonly severity: 'warning' | 'critical'
}

/** Every kind of health event. A new kind is added here, in `conditionsOf` or `OCCURRENCES`, and in docs/operations/health-events.md. */
export const HEALTH_EVENT_KINDS = {
  no_model: { lifetime: 'condition', severity: 'critical' },
  trainer_dead: { lifetime: 'condition', severity: 'warning' },
  model_too_old: { lifetime: 'condition', severity: 'warning' },
  detector_silent: { lifetime: 'condition', severity: 'critical' },
  records_rejected: { lifetime: 'condition', severity: 'warning' },
  too_many_anomalies: { lifetime: 'condition', severity: 'critical' },
  drift: { lifetime: 'condition', severity: 'warning' },
  model_rolled_back: { lifetime: 'moment', severity: 'warning' },
  model_failed_gate: { lifetime: 'moment', severity: 'warning' },
  record_failed: { lifetime: 'moment', severity: 'warning' },
  records_missed: { lifetime: 'moment', severity: 'critical' },
} as const satisfies Readonly<Record<string, HealthEventKind>>

export type HealthEventKindName = keyof typeof HEALTH_EVENT_KINDS

const kindsOf = (lifetime: HealthEventKind['lifetime']) =>
  Object.entries(HEALTH_EVENT_KINDS)
    .filter(([, kind]) => kind.lifetime === lifetime)
    .map(([name]) => name)
    .join(', ')

/**
 * The event for operators of a pipeline: CloudEvents 1.0 in structured JSON, keyed by the pipeline. Published as
 * `schemas/outflow.health.v1.json`.
 */
export const healthEventSchema = alertEventSchema
  .extend({
    type: z.literal(HEALTH_EVENT_TYPE),
    id: z
      .string()
      .describe('pipeline/health/number/status: each is sent once; can repeat after a restore of the database'),
    subject: z.string().describe('The kind'),
    time: z.iso.datetime().describe('When it began, ended or happened'),
    data: z.object({
      pipeline: z.string().describe('Name of the pipeline'),
      kind: z
        .string()
        .describe(
          `Conditions, which begin and end: ${kindsOf('condition')}. Single events: ${kindsOf('moment')}. ` +
            'A later version may add kinds',
        ),
      status: z.enum(['begun', 'ended', 'happened']),
      detail: z
        .string()
        .describe('What was found, in words; of a condition that has ended, by the last check before its end'),
      modelId: z.string().nullable().describe('The model that it concerns; null if it concerns none'),
      begunAt: z.iso.datetime().describe('When it began or happened'),
      endedAt: z.iso.datetime().nullable().describe('When it ended; null until then'),
      url: z.url().optional().describe('Health page of the console; absent without console.url'),
    }),
  })
  .describe('A condition of a pipeline, or a single event in it, for operators: a CloudEvents 1.0 event.')

export type HealthEvent = z.infer<typeof healthEventSchema>

/** A condition that begins and ends, or a single event, as it is stored. */
export interface StoredHealthEvent extends Pick<HealthEvent['data'], 'kind' | 'detail' | 'modelId'> {
  readonly id: string
  readonly begunAt: Date
  readonly endedAt: Date | null
}
