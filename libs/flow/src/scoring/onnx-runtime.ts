// Otherwise ONNX Runtime stores a device id in the home directory and sends usage data to its vendor. It reads the variable when the first
// session is created; in a worker thread the assignment has an effect only with `env: SHARE_ENV`.
process.env.ORT_DISABLE_TELEMETRY = '1'

export { InferenceSession, Tensor } from 'onnxruntime-node'
