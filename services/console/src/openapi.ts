import fastifySwagger from '@fastify/swagger'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problemSchema } from './api/index.js'
import { SESSION_COOKIE } from './login/sessions.js'
import type { ConsoleServer } from './routes/route-context.js'

/** Describes the routes that are added after this call, and serves the description. */
export async function describeRoutes(server: ConsoleServer): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'outflow console',
        description:
          'Anomalies, their reasons, and the models of outflow. A write without a bearer token must have `Sec-Fetch-Site: same-origin` ' +
          "or `Origin`, as a browser's from a page of the console has.",
        version: '1',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
      security: [{}, { token: [] }, { session: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  })
  server.addHook('onRoute', ({ schema, url }) => {
    if (schema === undefined || !url.startsWith('/api/')) return
    const problems = {
      description: 'The error',
      content: { 'application/problem+json': { schema: problemSchema } },
    }
    // Groups the routes by the first part of their path.
    schema.tags = [url.split('/')[2]!]
    schema.response = { ...(schema.response as object), '4xx': problems, '5xx': problems }
  })
  server.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger())
}

/** Describes the JSON of a codec, such as a time, an offset or a cursor; the default for answers is the value that the server encodes. */
const zodToJsonConfig: NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']> = {
  override: ({ zodSchema, jsonSchema }) => {
    if (!(zodSchema instanceof z.ZodCodec)) return
    for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword]
    Object.assign(jsonSchema, z.toJSONSchema(zodSchema.def.in, { io: 'input' }))
  },
}
