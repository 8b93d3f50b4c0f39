export { ComponentStartFailed, InfrastructureUnavailable } from './errors.js'
export type { Control, Infrastructure, KafkaComponent, Part, PostgresComponent, Tier } from './infrastructure.js'
export { type LaunchOptions, launchInfrastructure } from './launch.js'
export type { KafkaSecurity, PostgresSecurity, Security } from './part-launch.js'
