export { ComponentStartFailed, InfrastructureUnavailable } from './errors.js'
export type { Control, Infrastructure, KafkaComponent, Part, PostgresComponent, Tier } from './infrastructure.js'
export { type LaunchOptions, launchInfrastructure } from './launch.js'
