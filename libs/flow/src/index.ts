export { type Backend, type BackendName, openBackend } from './backend.js'
export { affine, logarithm, logit, yeoJohnson } from './elementwise.js'
export {
  BackendUnavailable,
  FitCancelled,
  FitFailed,
  NotFiniteError,
  ShapeError,
  WeightsDamaged,
  WeightsForeign,
  WeightsVersionUnknown,
} from './errors.js'
export type { Forward } from './far-rows.js'
export {
  type Fit,
  type FitOptions,
  type FitProgress,
  type FitReport,
  fitFlow,
  silvermanNoise,
  type TrainingRows,
} from './fit.js'
export { checkFlow } from './flow-parts.js'
export {
  type BaseSpec,
  type FlowKind,
  type FlowSpec,
  type FlowState,
  flowSpec,
  glowSpec,
  realNvpSpec,
  splineSpec,
  type WeightTensor,
} from './flow-state.js'
export { toOnnx } from './onnx.js'
export type { Precision } from './onnx-graph.js'
export {
  fitPosterior,
  type LogDensity,
  type LogDensityAt,
  type Posterior,
  type PosteriorOptions,
  type PosteriorProgress,
  type PosteriorReport,
} from './posterior.js'
export { decodeSafetensors, encodeSafetensors } from './safetensors.js'
export { type SampleOptions, sampleFlow } from './sample.js'
export { openScorer, type Scorer } from './scorer.js'
export { BY_HEART_ROWS } from './trimming.js'
