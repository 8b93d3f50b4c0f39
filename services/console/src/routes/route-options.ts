import type { Role } from '@outflow/contracts/role'
import { z } from 'zod'
import { pipelineSchema } from '../api/index.js'

/** Default: the pipeline of the console's configuration. */
export const ofPipelineSchema = z.object({ pipeline: pipelineSchema.optional() })

const OF_PIPELINE = { querystring: ofPipelineSchema }

/** Options of a route that reads. @param input  schemas of what the request has; default: a pipeline */
export function reads<Answer extends z.ZodType, Input extends object = typeof OF_PIPELINE>(
  summary: string,
  answer: Answer,
  input = OF_PIPELINE as unknown as Input,
) {
  return { schema: { summary, ...input, response: { 200: answer } } }
}

/** Options of a route that writes. @param role  the least role that is required */
export function writes<Input extends object, Response extends object>(
  role: Role,
  summary: string,
  input: Input,
  response: Response,
) {
  return { config: { role }, schema: { summary, ...input, response } }
}
