import { z } from 'zod'
import { pipelineSchema, textSchema } from './fields.js'

export const viewSchema = z
  .object({
    name: textSchema.max(100),
    /** Search part of the address of the list, without the pipeline, such as `?range=24h&severity=high`. */
    search: z
      .string()
      .max(2_000)
      .regex(/^(\?[^\0]*)?$/, 'empty, or begins with "?"'),
  })
  .meta({ id: 'View', description: 'A filter of the list of anomalies, saved under a name' })

export const newViewSchema = z.strictObject({ ...viewSchema.shape, pipeline: pipelineSchema.optional() })
