import { checkSuppressionRule, suppressionRuleSchema } from '@outflow/contracts'
import { z } from 'zod'
import { pipelineSchema, textSchema, timeSchema } from './fields.js'

export const suppressionSchema = z
  .object({
    id: z.string(),
    pipeline: z.string(),
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
    removedBy: z.string().nullable(),
    removedAt: timeSchema.nullable(),
    /** How many alerts it has hidden. */
    hidden: z.int(),
    lastHiddenAt: timeSchema.nullable(),
  })
  .meta({ id: 'Suppression', description: 'A rule that hides alerts until it expires' })

/** All that it names must hold. */
export const newSuppressionSchema = z
  .strictObject({
    ...suppressionRuleSchema.shape,
    pipeline: pipelineSchema.optional(),
    /** For those who look later. */
    reason: textSchema,
  })
  .superRefine(checkSuppressionRule)
