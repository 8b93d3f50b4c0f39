import { createHash } from 'node:crypto'
import { MODEL_SCHEMA_VERSION, type ModelMetadata, modelMetadataSchema, outflowVersion } from '@outflow/contracts'
import { type Encoder, type EncoderHeader, packEncoder, unpackEncoder } from '@outflow/encoding'
import {
  checkFlow,
  type FlowSpec,
  type FlowState,
  openTensorFile,
  type Tensor,
  type TensorData,
  WeightsDamaged,
  WeightsForeign,
  writeTensorFile,
} from '@outflow/flow'
import type { Calibration } from './calibration/conformal.js'
import type { ParetoTail } from './calibration/pareto-tail.js'
import { ModelDamaged, ModelForeign, ModelVersionUnknown } from './errors.js'

/** The contents of a model artefact. */
export interface Model {
  readonly encoder: Encoder
  /** The density of the numbers; null if every feature is categorical. */
  readonly flow: FlowState | null
  readonly calibration: Calibration
  readonly metadata: ModelMetadata
}

const FORMAT = 'outflow-model'
/** `{"__metadata__":{"format":"outflow-model"` after the length: distinguishes a truncated model from a foreign file. */
const OPENING = JSON.stringify({ __metadata__: { format: FORMAT } }).slice(0, -2)

/**
 * Encodes a model as one safetensors file. Its `__metadata__` holds, in addition to format and version, the metadata and the
 * encoder's header as JSON, and the flow's spec.
 */
export function encodeModel(model: Omit<Model, 'metadata'>, metadata: Omit<ModelMetadata, 'modelId'>) {
  const { tensors, fixed } = pack(model)
  // The time and the duration of the fit are not part of the model's identity.
  const { createdAt: _createdAt, training, ...lasting } = metadata
  const { durationMs: _durationMs, ...fit } = training
  const modelId = toUuid(hashOf(JSON.stringify([fixed, lasting, fit]), tensors))
  const complete: ModelMetadata = { ...metadata, modelId }
  const texts = {
    format: FORMAT,
    schema_version: String(MODEL_SCHEMA_VERSION),
    metadata: JSON.stringify(complete),
    ...fixed,
  }
  return { artefact: writeTensorFile(texts, tensors), metadata: complete }
}

/**
 * Decodes a model. An artefact contains only JSON and numbers; decoding executes no code.
 *
 * Content with a valid checksum that this version does not know was written by a later outflow, and ignoring it would give wrong
 * scores. Therefore the decoded model is packed again, and the result must equal the input.
 *
 * @throws {ModelForeign} when the bytes are not a model of outflow
 * @throws {ModelVersionUnknown} when a later outflow wrote it: in another schema, or with a kind of flow or a part unknown here
 * @throws {ModelDamaged} when it is truncated or was changed
 */
export function decodeModel(bytes: Uint8Array): Model {
  const { metadata: texts, readTensors } = open(bytes)
  const version = Number(texts.schema_version)
  if (version > MODEL_SCHEMA_VERSION) {
    throw later(texts, `its schema version is ${version}, and this version reads ${MODEL_SCHEMA_VERSION}`)
  }
  try {
    const tensors = readTensors()
    const model = unpack(texts, tensors)
    const again = pack(model)
    const unknownTable = [...tensors.keys()].find((name) => !again.tensors.has(name))
    if (unknownTable !== undefined) throw new Error(`it has a table ${unknownTable}`)
    for (const [name, text] of Object.entries(again.fixed)) {
      if (texts[name] !== text) throw new Error(`its ${name} has unknown keys`)
    }
    return model
  } catch (error: unknown) {
    if (error instanceof WeightsDamaged) {
      const message =
        'the checksum of the model artefact does not match its content; copy it again from where it was stored'
      throw new ModelDamaged(message, { cause: error })
    }
    throw later(texts, (error as Error).message, error)
  }
}

function open(bytes: Uint8Array) {
  try {
    const file = openTensorFile(bytes)
    if (file.metadata.format === FORMAT) return file
  } catch (error: unknown) {
    if (!(error instanceof WeightsDamaged || error instanceof WeightsForeign)) throw error
    if (hasModelOpening(bytes)) {
      throw new ModelDamaged('the model artefact is truncated or its header was changed', { cause: error })
    }
  }
  throw new ModelForeign('these bytes are not a model artefact of outflow; give a file written by `outflow train`')
}

function unpack(texts: Readonly<Record<string, string>>, tensors: ReadonlyMap<string, Tensor>): Model {
  const encoder = unpackEncoder({
    header: JSON.parse(texts.encoder!) as EncoderHeader,
    tables: new Map(Array.from(tensorsUnder('encoder.', tensors), ([name, { data }]) => [name, data])),
  })
  const spec = JSON.parse(texts.flow_spec!) as FlowSpec | null
  return {
    encoder,
    flow: spec && checkFlow({ spec, weights: tensorsUnder('flow.', tensors) as FlowState['weights'] }),
    calibration: unpackCalibration(tensors, JSON.parse(texts.calibration!) as CalibrationHeader),
    metadata: modelMetadataSchema.parse(JSON.parse(texts.metadata!)),
  }
}

/** The tensors whose names begin with a prefix, by the rest of their names. */
function tensorsUnder(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const under = Array.from(tensors).filter(([name]) => name.startsWith(prefix))
  return new Map(under.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}

function later(texts: Readonly<Record<string, string>>, why: string, cause?: unknown): ModelVersionUnknown {
  const writer = writerOf(texts)
  const message = `outflow ${writer} wrote the model artefact, and ${outflowVersion()} cannot read it: ${why}`
  return new ModelVersionUnknown(`${message}; upgrade this outflow, or fit a new model`, { values: { writer }, cause })
}

function writerOf({ metadata }: Readonly<Record<string, string>>): string {
  try {
    return String((JSON.parse(metadata!) as { outflowVersion?: unknown }).outflowVersion ?? 'of a later version')
  } catch {
    // The metadata of a later version may not be JSON; the error then does not name the version.
    return 'of a later version'
  }
}

function pack({ encoder, flow, calibration }: Omit<Model, 'metadata'>) {
  const { header, tables } = packEncoder(encoder)
  const { header: calibrationHeader, tensors } = packCalibration(calibration)
  for (const [name, table] of tables) tensors.set(`encoder.${name}`, flat(table))
  for (const [name, weights] of flow?.weights ?? []) tensors.set(`flow.${name}`, weights)
  const fixed = {
    encoder: JSON.stringify(header),
    calibration: JSON.stringify(calibrationHeader),
    flow_spec: JSON.stringify(flow?.spec ?? null),
  }
  return { tensors, fixed }
}

interface CalibrationHeader {
  readonly rows: number
  readonly tail: Omit<ParetoTail, 'shape' | 'scale' | 'weight'> | null
}

function packCalibration({ rows, nll, above, tail }: Calibration) {
  const tensors = new Map<string, Tensor>([
    ['calibration', flat(nll)],
    ['calibration.above', flat(above)],
  ])
  if (tail === null) return { header: { rows, tail }, tensors }
  const { shape, scale, weight, ...ends } = tail
  for (const [name, tensor] of Object.entries({ shape, scale, weight }))
    tensors.set(`calibration.${name}`, flat(tensor))
  return { header: { rows, tail: ends }, tensors }
}

function unpackCalibration(tensors: ReadonlyMap<string, Tensor>, { rows, tail }: CalibrationHeader): Calibration {
  const numbersOf = (name: string) => tensors.get(name)!.data as Float64Array
  return {
    rows,
    nll: numbersOf('calibration'),
    above: tensors.get('calibration.above')!.data as Int32Array,
    tail: tail && {
      ...tail,
      shape: numbersOf('calibration.shape'),
      scale: numbersOf('calibration.scale'),
      weight: numbersOf('calibration.weight'),
    },
  }
}

/** A table as a tensor of one axis; its true shape follows from the encoder. */
const flat = (data: TensorData): Tensor => ({ shape: [data.length], data })

function hashOf(text: string, tensors: ReadonlyMap<string, Tensor>): Buffer {
  const hash = createHash('sha256').update(text)
  for (const [name, { data }] of tensors) {
    const { buffer, byteOffset, byteLength } = data
    hash.update(`\n${name} ${byteLength}\n`).update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest()
}

/** A UUID of version 8, whose bits are defined by the application. @see RFC 9562, § 5.8 */
function toUuid(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function hasModelOpening(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(8, 8 + OPENING.length)) === OPENING
}
