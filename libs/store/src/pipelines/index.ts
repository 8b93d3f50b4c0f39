export { marksBetween } from './marks.js'
export { pipelineStatus } from './pipeline-status.js'
export { hasFdrState, listPipelines, pipelineExists, recentRate } from './pipelines.js'
