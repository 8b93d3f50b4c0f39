export { marksBetween } from './marks.js'
export { type PipelineStatus, pipelineStatus } from './pipeline-status.js'
export { listPipelines, recentRate } from './pipelines.js'
