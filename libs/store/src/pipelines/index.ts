export { marksBetween } from './marks.js'
export { type PipelineStatus, pipelineStatus } from './pipeline-status.js'
export { listPipelines, pipelineExists, recentRate } from './pipelines.js'
