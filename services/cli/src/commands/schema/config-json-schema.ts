import { configSchema } from '@outflow/contracts'

/**
 * The JSON Schema (2020-12) of outflow.yaml as it is written, for editors: defaults may be left out, and where a text must be
 * of a form, `${NAME}` will do as well.
 */
export const configJsonSchema = (): unknown => allowVariables(configSchema.toJSONSchema({ io: 'input' }))

const VARIABLE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}'

function allowVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowVariables)
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const isPattern = key === 'pattern' && typeof value === 'string'
      return [key, isPattern ? `(${value})|${VARIABLE}` : allowVariables(value)]
    }),
  )
}
