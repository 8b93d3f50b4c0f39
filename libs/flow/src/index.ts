export { HALF_LOG_TWO_PI } from './base/standard-normal.js'
export { affine, logit } from './bijectors/elementwise.js'
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
export { checkFlow } from './flows/flow-parts.js'
export {
  type FlowKind,
  type FlowSpec,
  type FlowState,
  flowSpec,
  glowSpec,
  type MixtureBase,
  realNvpSpec,
  splineSpec,
  type WeightTensor,
} from './flows/flow-state.js'
export { decodeSafetensors, encodeSafetensors } from './flows/safetensors.js'
export { openTensorFile, type Tensor, type TensorData, writeTensorFile } from './flows/tensor-file.js'
export { toOnnx } from './onnx/onnx.js'
export type { Precision } from './onnx/onnx-graph.js'
export {
  fitPosterior,
  type LogDensity,
  type LogDensityAt,
  type Posterior,
  type PosteriorOptions,
  type PosteriorProgress,
  type PosteriorReport,
} from './posterior/posterior.js'
export { type SampleOptions, sampleFlow } from './scoring/sample.js'
export { type Forward, openScorer, type Scorer } from './scoring/scorer.js'
export { type Backend, type BackendName, openBackend } from './tensor/backend.js'
export { adam } from './training/adam.js'
export { type FitTable, fitFlow, fitFlows } from './training/fit.js'
export {
  type Fit,
  type FitOptions,
  type FitProgress,
  type FitReport,
  silvermanNoise,
  type TrainingRows,
} from './training/fit-options.js'
