import { maskName } from '../bijectors/conditioner/mask.js'
import { ShapeError } from '../errors.js'
import { checkFlow, learnedShapes } from '../flows/flow-parts.js'
import { checkSpec, type FlowState, type WeightTensor } from '../flows/flow-state.js'

/** One dense layer of a parity file: W[out][in] and b[out]. */
interface ParityDense {
  readonly W: readonly (readonly number[])[]
  readonly b: readonly number[]
}

/** Weights, or gradients by them, of one layer of a parity file. */
interface ParityLayer {
  readonly actnorm: { readonly bias: readonly number[]; readonly log_scale: readonly number[] }
  readonly mlp: readonly ParityDense[]
}

interface ParityCase {
  readonly x: readonly number[]
  readonly outlier: boolean
  readonly z: readonly number[]
  readonly log_det: number
  readonly base: number
  readonly log_likelihood: number
  readonly log_likelihood_raw: number
  readonly x_inverse: readonly number[]
  readonly trace?: readonly { readonly y: readonly number[]; readonly log_det: number }[]
}

/** A flow and the results of an independent implementation, in the format `realnvp-parity/1`. */
export interface ParityFile {
  readonly D: number
  readonly K: number
  readonly hidden: readonly number[]
  readonly cap: number
  readonly standardise: { readonly mean: readonly number[]; readonly std: readonly number[] }
  readonly layers: readonly (ParityLayer & { readonly mask: readonly number[] })[]
  readonly cases: readonly ParityCase[]
  readonly loss?: number
  readonly gradients?: readonly ParityLayer[]
  readonly adam_step?: { readonly bias: readonly number[]; readonly log_scale: readonly number[] }
}

/**
 * Reads a parity file and the flow in it.
 *
 * @throws {ShapeError} when the text is not JSON of the form `realnvp-parity/1`, or its sizes contradict each other
 */
export function readParityFile(text: string): { file: ParityFile; flow: FlowState } {
  const file = parse(text)
  const { D, K, hidden, cap, standardise, layers, cases } = file
  const spec = checkSpec({ kind: 'realnvp', dim: D, contextDim: 0, layers: K, hidden, scaleBound: cap })
  expectLength('standardise.mean', standardise.mean, D)
  expectLength('standardise.std', standardise.std, D)
  expectLength('layers', layers, K)
  if (cases.length === 0) throw new ShapeError('a parity file has one case or more, got none')
  cases.forEach((each, index) => {
    for (const key of ['x', 'z', 'x_inverse'] as const) expectLength(`cases[${index}].${key}`, each[key], D)
    if (each.trace !== undefined) expectLength(`cases[${index}].trace`, each.trace, 2 * K)
  })
  const weights = new Map<string, WeightTensor>(weightsOf(layers))
  layers.forEach(({ mask }, layer) => {
    weights.set(maskName(layer), { shape: [mask.length], data: Float32Array.from(mask) })
  })
  const flow = checkFlow({ spec, weights })
  if (file.gradients !== undefined) {
    const gradients = weightsOf(file.gradients)
    for (const name of learnedShapes(spec).keys()) {
      expectLength(`gradient of ${name}`, gradients.get(name)?.data, weights.get(name)!.data.length)
    }
  }
  return { file, flow }
}

/** The arrays of a parity file's layers by weight name, with W[out][in] transposed to [in, out]. */
export function weightsOf(layers: readonly ParityLayer[]): ReadonlyMap<string, WeightTensor> {
  const weights = new Map<string, WeightTensor>()
  layers.forEach(({ actnorm, mlp }, layer) => {
    const column = (numbers: readonly number[]) => ({ shape: [numbers.length], data: Float32Array.from(numbers) })
    weights.set(`layers.${layer}.actnorm.bias`, column(actnorm.bias))
    weights.set(`layers.${layer}.actnorm.logScale`, column(actnorm.log_scale))
    mlp.forEach(({ W, b }, index) => {
      const inputs = W[0]?.length ?? 0
      const data = Float32Array.from(
        { length: inputs * W.length },
        (_, at) => W[at % W.length]![Math.floor(at / W.length)]!,
      )
      weights.set(`layers.${layer}.conditioner.${index}.weight`, { shape: [inputs, W.length], data })
      weights.set(`layers.${layer}.conditioner.${index}.bias`, column(b))
    })
  })
  return weights
}

function parse(text: string): ParityFile {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error: unknown) {
    throw new ShapeError(`a parity file is JSON: ${(error as Error).message}`, { cause: error })
  }
  const { format, activation = 'relu' } = { ...(content as { format?: unknown; activation?: unknown }) }
  if (format !== FORMAT) throw new ShapeError(`a parity file has the format ${FORMAT}, got ${format}`)
  if (activation !== 'relu') throw new ShapeError(`a parity file's activation is relu, got ${activation}`)
  const file = content as ParityFile
  const lists = ['hidden', 'layers', 'cases'] as const
  const missing = lists.find((key) => !Array.isArray(file[key]))
  if (missing !== undefined) throw new ShapeError(`a parity file has a list ${missing}, which is missing`)
  const ofLayers = [file.layers, file.gradients ?? []].flat()
  const isLayer = ({ actnorm, mlp }: Partial<ParityLayer>) =>
    Array.isArray(actnorm?.bias) && Array.isArray(actnorm.log_scale) && Array.isArray(mlp) && mlp.every(isDense)
  if (!ofLayers.every(isLayer) || !file.layers.every(({ mask }) => Array.isArray(mask))) {
    throw new ShapeError('every layer of a parity file has actnorm, mask and mlp, and one of them is missing')
  }
  return file
}

const isDense = ({ W, b }: Partial<ParityDense>) => Array.isArray(W) && W.every(Array.isArray) && Array.isArray(b)

function expectLength(what: string, list: ArrayLike<unknown> | undefined, length: number): void {
  if (list?.length === length) return
  throw new ShapeError(`${what} has ${length} entries, got ${list?.length ?? 'none'}`)
}

const FORMAT = 'realnvp-parity/1'
