export { InfrastructureUnavailable } from './errors.js'
export type { Control, Infrastructure } from './infrastructure.js'
export { launchInfrastructure } from './launch.js'
