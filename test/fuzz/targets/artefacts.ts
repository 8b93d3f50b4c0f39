import type { Feature } from '@outflow/contracts'
import { ModelDamaged, ModelForeign, ModelVersionUnknown, trainDetector } from '@outflow/detector'
import {
  decodeSafetensors,
  encodeSafetensors,
  realNvpSpec,
  WeightsDamaged,
  WeightsForeign,
  WeightsVersionUnknown,
} from '@outflow/flow'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { decodeModel, encodeModel } from '../../../libs/detector/src/artefact.js'
import { unfittedFlow } from '../../../libs/flow/src/flows/flow-parts.js'
import type { Random } from '../random.js'
import { type FuzzTarget, WrongValue } from '../target.js'

/** Changes of one file. `setUp` makes the files, so that positions are fractions of their length. */
interface Change {
  readonly file: 'model' | 'flow'
  readonly edits: readonly Edit[]
}

interface Edit {
  readonly kind: 'flip' | 'cut' | 'remove' | 'insert' | 'copy' | 'text'
  /** From 0 to 1, in the whole file or its header. */
  readonly at: number
  readonly isInHeader: boolean
  readonly from: number
  readonly length: number
  readonly bytes: Buffer
}

const target: FuzzTarget<Change> = {
  rule: 'a changed model artefact or flow file is refused with a documented error, or is the same model',
  setUp: async () => {
    const features: readonly Feature[] = [
      { path: '$.x', type: 'numeric', optional: false },
      { path: '$.city', type: 'categorical', optional: false },
    ]
    const read = makeReader(features)
    const { artefact } = await trainDetector({
      features,
      records: Array.from({ length: 60 }, (_, at) => read({ x: Math.sin(at), city: 'abc'[at % 3] }) as Fields),
      model: { kind: 'realnvp', layers: 1, hidden: [4] },
      training: { contamination: 0, seed: 1 },
      alertRate: 0.05,
      maxSteps: 50,
      backend: 'wasm',
    })
    files = {
      model: fileOf(artefact, MODEL_ERRORS, (bytes) => {
        const { metadata, ...model } = decodeModel(bytes)
        return encodeModel(model, metadata).artefact
      }),
      flow: fileOf(
        encodeSafetensors(unfittedFlow({ ...realNvpSpec(3, 2), layers: 2, hidden: [4] }, 1)),
        FLOW_ERRORS,
        (bytes) => encodeSafetensors(decodeSafetensors(bytes)),
      ),
    }
  },
  generate: (random) => ({
    file: random.pick(['model', 'flow']),
    edits: [anEdit(random), ...random.list(2, () => anEdit(random))],
  }),
  check: ({ file, edits }) => {
    const { bytes, errors, rewrite, rewritten } = files[file]
    const changed = edits.reduce(apply, bytes)
    let again: Uint8Array
    try {
      again = rewrite(changed)
    } catch (error: unknown) {
      if (errors.some((documented) => error instanceof documented)) return
      throw error
    }
    if (!rewritten.equals(again)) throw new WrongValue(`the changed ${file} opens with other content`)
  },
}
export default target

const MODEL_ERRORS = [ModelDamaged, ModelForeign, ModelVersionUnknown]
const FLOW_ERRORS = [WeightsDamaged, WeightsForeign, WeightsVersionUnknown]

interface File {
  readonly bytes: Buffer
  readonly errors: readonly (abstract new (...values: never[]) => Error)[]
  /** Decodes and encodes a file. */
  readonly rewrite: (bytes: Uint8Array) => Uint8Array
  /** Result for the unchanged file. */
  readonly rewritten: Buffer
}

let files: Readonly<Record<Change['file'], File>>

const fileOf = (bytes: Uint8Array, errors: File['errors'], rewrite: File['rewrite']): File => ({
  bytes: Buffer.from(bytes),
  errors,
  rewrite,
  rewritten: Buffer.from(rewrite(bytes)),
})

/** Parts of the headers' JSON, and values that a reader may interpret as a length, a position or a kind. */
const TEXTS = [
  ...['"', '{', '}', '[', ']', ',', ':', '0', '-1', '1e9', 'null', 'F64', 'I32', '__proto__', ' ', '\\u0000', 'é'],
]

function anEdit(random: Random): Edit {
  const share = () => random.below(1_000_001) / 1_000_000
  return {
    kind: random.pick(['flip', 'cut', 'remove', 'insert', 'copy', 'text']),
    at: random.oneIn(8) ? random.below(9) / 1_000_000 : share(),
    isInHeader: random.oneIn(2),
    from: share(),
    length: random.between(1, random.pick([1, 4, 8, 300])),
    bytes: random.oneIn(2) ? random.bytes(random.between(1, 8)) : Buffer.from(random.pick(TEXTS)),
  }
}

function apply(file: Buffer, { kind, at: share, isInHeader, from, length, bytes }: Edit): Buffer {
  const headerLength = file.length < 8 ? 0 : Math.min(Number(file.readBigUInt64LE()), file.length - 8)
  const at = isInHeader ? 8 + Math.floor(share * headerLength) : Math.floor(share * file.length)
  const [before, after] = [file.subarray(0, at), file.subarray(at)]
  switch (kind) {
    case 'flip': {
      const flipped = Buffer.from(file)
      if (at < file.length) flipped[at]! ^= 1 << (length % 8)
      return flipped
    }
    case 'cut':
      return before
    case 'remove':
      return Buffer.concat([before, after.subarray(length)])
    case 'copy':
      return Buffer.concat([before, file.subarray(Math.floor(from * file.length)).subarray(0, length), after])
    case 'insert':
      return Buffer.concat([before, bytes, after])
    case 'text':
      return Buffer.concat([before, bytes, after.subarray(bytes.length)])
  }
}
