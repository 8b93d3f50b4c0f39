import { checkSuppressionRule, suppressionRuleSchema } from '@outflow/contracts'
import { z } from 'zod'
import { pipelineSchema, timeSchema, whyTextSchema } from './fields.js'

export const suppressionSchema = z
  .object({
    id: z.string(),
    entity: z.string().nullable(),
    field: z.string().nullable(),
    direction: z.enum(['above', 'below']).nullable(),
    range: z.tuple([z.number().nullable(), z.number().nullable()]).nullable(),
    timeOfWeek: z.string().nullable(),
    zone: z.string(),
    expiresAt: timeSchema,
    reason: z.string(),
    createdBy: z.string(),
    createdAt: timeSchema,
    /** Number of alerts that the rule has hidden. */
    hidden: z.int(),
    lastHiddenAt: timeSchema.nullable(),
  })
  .meta({ id: 'Suppression', description: 'A rule that hides alerts until it expires' })

/** A rule hides an alert when all its conditions match. */
export const newSuppressionSchema = z
  .strictObject({
    ...suppressionRuleSchema.shape,
    pipeline: pipelineSchema.optional(),
    /** Reason for the rule, shown in lists. */
    reason: whyTextSchema,
  })
  .superRefine(checkSuppressionRule)
