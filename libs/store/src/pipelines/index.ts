export { marksBetween } from './marks.js'
export { type PipelineStatus, pipelineStatus } from './pipeline-status.js'
export { listPipelines, pipelineExists, pipelineNames, recentRate } from './pipelines.js'
