export { marksBetween } from './marks.js'
export { type PipelineStatus, pipelineStatus } from './pipeline-status.js'
export { hasFdrState, listPipelines, pipelineExists, recentRate } from './pipelines.js'
