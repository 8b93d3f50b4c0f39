import { z } from 'zod'

export const OPERATION_EVENT_TYPE = 'outflow.operation.v1'

/**
 * What is sent to whoever operates a pipeline: a CloudEvents 1.0 event in structured JSON, keyed by the pipeline. Published
 * as `schemas/outflow.operation.v1.json`.
 */
export const operationEventSchema = z
  .object({
    specversion: z.literal('1.0').describe('Of CloudEvents'),
    type: z.literal(OPERATION_EVENT_TYPE),
    id: z.string().describe('pipeline/operations/number/status: each is sent once'),
    source: z.string().describe('/outflow/ and the pipeline'),
    subject: z.string().describe('The kind'),
    time: z.iso.datetime().describe('When it began, ended or happened'),
    datacontenttype: z.literal('application/json'),
    data: z.object({
      pipeline: z.string().describe('Which pipeline'),
      kind: z
        .string()
        .describe(
          'no_model, trainer_dead, model_too_old, detector_silent, everything_flagged or drift, which begin and end; ' +
            'model_rolled_back or model_rejected, which happen. Later outflows may know others',
        ),
      status: z.enum(['begun', 'ended', 'happened']),
      detail: z.string().describe('What was found when it began, for a person to read'),
      modelId: z.string().nullable().describe('The model that it is about; null where it is about none'),
      begunAt: z.iso.datetime().describe('Since when, or when it happened'),
      endedAt: z.iso.datetime().nullable().describe('Until when; null while it goes on'),
    }),
  })
  .describe('Something that whoever operates a pipeline must know, as a CloudEvents 1.0 event.')

export type OperationEvent = z.infer<typeof operationEventSchema>
