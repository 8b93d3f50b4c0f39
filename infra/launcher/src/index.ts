export { InfrastructureUnavailable } from './errors.js'
export type { Control, Infrastructure, Part } from './infrastructure.js'
export { launchInfrastructure } from './launch.js'
export type { KafkaSecurity } from './part-launch.js'
