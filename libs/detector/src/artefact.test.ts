import type { Feature } from '@outflow/contracts'
import { openTensorFile, type Tensor, writeTensorFile } from '@outflow/flow'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { decodeModel } from './artefact.js'
import { ModelDamaged, ModelForeign, ModelVersionUnknown } from './errors.js'
import { readerOf } from './test-draws.js'
import { fitSmall } from './test-training.js'

const features: readonly Feature[] = [
  { path: '$.x', type: 'numeric', optional: false },
  { path: '$.city', type: 'categorical', optional: false },
]

let artefact: Uint8Array

beforeAll(async () => {
  const read = readerOf(features)
  const records = Array.from({ length: 60 }, (_, at) => read({ x: Math.sin(at), city: 'abc'[at % 3] }))
  artefact = Uint8Array.from((await fitSmall(features, records, { maxSteps: 50 })).artefact)
}, 60_000)

it('issue 17.28: throws ModelDamaged for a changed type of a tensor', () => {
  const at = Buffer.from(artefact).indexOf('"dtype":"I32"')
  expect(at).toBeGreaterThan(0)
  const changed = Uint8Array.from(artefact)
  changed.set(Buffer.from('"dtype":"F32"'), at)
  expect(() => decodeModel(changed)).toThrow(ModelDamaged)
})

it('throws for an artefact that is truncated at any byte', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: artefact.length - 1 }), (length) => {
      // The format is at the start of the header; without it the bytes are not recognised.
      const named = length < 8 + '{"__metadata__":{"format":"outflow-model"'.length ? ModelForeign : ModelDamaged
      expect(() => decodeModel(artefact.subarray(0, length))).toThrow(named)
    }),
    { seed: 1 },
  )
})

it('throws ModelForeign for other bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => decodeModel(bytes)).toThrow(ModelForeign)
    }),
    { seed: 1 },
  )
})

/** The artefact as a later outflow would write it: changed, with a valid checksum. */
function fromLater(change: (texts: Record<string, string>, tensors: Map<string, Tensor>) => void): Uint8Array {
  const { metadata, readTensors } = openTensorFile(artefact)
  const [texts, tensors] = [{ ...metadata }, readTensors()]
  texts.metadata = edited(texts.metadata, (metadata) => {
    metadata.outflowVersion = '9.9.9'
  })
  change(texts, tensors)
  return writeTensorFile(texts, tensors)
}

// biome-ignore lint/suspicious/noExplicitAny: a later version may have any header
function edited(text: string | undefined, edit: (content: any) => void): string {
  const content: unknown = JSON.parse(text!)
  edit(content)
  return JSON.stringify(content)
}

it('throws ModelVersionUnknown with the version for an artefact of a later outflow', () => {
  const later: Readonly<Record<string, Parameters<typeof fromLater>[0]>> = {
    'schema version is 99': (texts) => {
      texts.schema_version = '99'
    },
    'got autoregressive': (texts) => {
      texts.flow_spec = edited(texts.flow_spec, (spec) => {
        spec.kind = 'autoregressive'
      })
    },
    'no such setting, got activation': (texts) => {
      texts.flow_spec = edited(texts.flow_spec, (spec) => {
        spec.activation = 'gelu'
      })
    },
    'a table encoder.copula': (_, tensors) => {
      tensors.set('encoder.copula', { shape: [1], data: Float64Array.of(1) })
    },
    'encoder has unknown keys': (texts) => {
      texts.encoder = edited(texts.encoder, (header) => {
        header.numbers[0].transform = 'log'
      })
    },
    kind: (texts) => {
      texts.metadata = edited(texts.metadata, (metadata) => {
        metadata.model.kind = 'autoregressive'
      })
    },
  }
  expect(decodeModel(fromLater(() => {})).metadata.outflowVersion).toBe('9.9.9')
  for (const [why, change] of Object.entries(later)) {
    const bytes = fromLater(change)
    expect(() => decodeModel(bytes), why).toThrow(ModelVersionUnknown)
    expect(() => decodeModel(bytes)).toThrow(/outflow 9\.9\.9 wrote .*, or fit a new model$/s)
    expect(() => decodeModel(bytes)).toThrow(why)
  }
})
