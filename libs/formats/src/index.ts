export { makeDecoder, type SourceFormat } from './decoder.js'
export { RegistryRefused, RegistryUnavailable } from './errors.js'
export type { Decoded, JsonObject, Picked, Picker, RecordDecoder } from './record-decoder.js'
export { makeRegistry, type SchemaRegistry } from './schema-registry.js'
