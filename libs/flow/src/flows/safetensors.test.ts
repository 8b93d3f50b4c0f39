import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ShapeError, WeightsDamaged, WeightsForeign, WeightsVersionUnknown } from '../errors.js'
import { someMixtureBase } from '../training/mixture/test-mixture.js'
import { unfittedFlow } from './flow-parts.js'
import { flowSpec, realNvpSpec } from './flow-state.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'

const flow = unfittedFlow({ ...realNvpSpec(3, 2), layers: 2, hidden: [4] }, 1)
const bytes = encodeSafetensors(flow)
const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
const header = new TextDecoder().decode(bytes.subarray(8, 8 + headerLength))

/** The file with another header in front of its numbers. */
function withHeader(text: string): Uint8Array {
  const head = new TextEncoder().encode(text)
  const file = new Uint8Array(8 + head.length + bytes.length - 8 - headerLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true)
  file.set(head, 8)
  file.set(bytes.subarray(8 + headerLength), 8 + head.length)
  return file
}

it.each(['realnvp', 'glow', 'spline'] as const)(
  'restores an encoded flow of the kind %s, and encodes it to the same bytes again',
  (kind) => {
    const own = unfittedFlow({ ...flowSpec(kind, 3, 2), layers: 2, hidden: [4] }, 1)
    const back = decodeSafetensors(encodeSafetensors(own))
    expect(back.spec).toEqual(own.spec)
    expect(new Map([...back.weights].sort())).toEqual(new Map([...own.weights].sort()))
    expect(encodeSafetensors(back)).toEqual(encodeSafetensors(own))
  },
)

it('restores the weights of a mixture base', () => {
  const { base, weights } = someMixtureBase(2, 3)
  const spec = { ...realNvpSpec(3), layers: 2, hidden: [4], base }
  const onMixture = { spec, weights: new Map([...unfittedFlow(spec, 1).weights, ...weights]) }
  const back = decodeSafetensors(encodeSafetensors(onMixture))
  expect(back.spec).toEqual(spec)
  expect(back.weights.get('base.means')).toEqual(weights.get('base.means'))
})

it('writes the layout that the safetensors format requires', () => {
  const { __metadata__, ...tensors } = JSON.parse(header)
  expect(headerLength % 8).toBe(0)
  expect(Object.values(__metadata__).every((value) => typeof value === 'string')).toBe(true)
  const { dtype, shape, data_offsets } = tensors['layers.0.actnorm.bias']
  expect({ dtype, shape, length: data_offsets[1] - data_offsets[0] }).toEqual({ dtype: 'F32', shape: [3], length: 12 })
})

it('throws for a file that is truncated at any byte', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
      const expected = length < 9 ? WeightsForeign : WeightsDamaged
      expect(() => decodeSafetensors(bytes.slice(0, length))).toThrow(expected)
    }),
    { seed: 1 },
  )
})

it('throws WeightsForeign for other files', () => {
  expect(() => decodeSafetensors(new TextEncoder().encode('row,nll,p_value,anomaly\n0,1.5,0.2,false\n'))).toThrow(
    WeightsForeign,
  )
  expect(() => decodeSafetensors(new Uint8Array(0))).toThrow(WeightsForeign)
  expect(() => decodeSafetensors(withHeader('{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'))).toThrow(
    WeightsForeign,
  )
})

/** A file with a valid checksum, as a later outflow would write it. */
function fromLater(change: (content: { metadata: Record<string, string>; tensors: Record<string, unknown> }) => void) {
  const { __metadata__: metadata, ...tensors } = JSON.parse(header)
  delete metadata.sha256
  metadata.writer = '9.9.9'
  change({ metadata, tensors })
  const numbers = bytes.subarray(8 + headerLength)
  const unsigned = JSON.stringify({ __metadata__: metadata, ...tensors })
  metadata.sha256 = createHash('sha256').update(unsigned).update(numbers).digest('hex')
  return withHeader(JSON.stringify({ __metadata__: metadata, ...tensors }))
}

it('throws WeightsVersionUnknown with the version for a file of a later outflow', () => {
  const changed = (text: string | undefined, change: object) => JSON.stringify({ ...JSON.parse(text!), ...change })
  const later = {
    'format is 2': fromLater(({ metadata }) => {
      metadata.version = '2'
    }),
    'one of realnvp, glow, spline, got autoregressive': fromLater(({ metadata }) => {
      metadata.spec = changed(metadata.spec, { kind: 'autoregressive' })
    }),
    'no such setting, got activation': fromLater(({ metadata }) => {
      metadata.spec = changed(metadata.spec, { activation: 'gelu' })
    }),
    'other than the standard normal is a mixture, got laplace': fromLater(({ metadata }) => {
      metadata.spec = changed(metadata.spec, { base: { kind: 'laplace' } })
    }),
    'no weight layers.0.gate': fromLater(({ tensors }) => {
      tensors['layers.0.gate'] = { dtype: 'F32', shape: [1], data_offsets: [0, 4] }
    }),
    'has the type BF16': fromLater(({ tensors }) => {
      tensors['layers.0.actnorm.bias'] = { dtype: 'BF16', shape: [6], data_offsets: [0, 12] }
    }),
  }
  for (const [why, file] of Object.entries(later)) {
    expect(() => decodeSafetensors(file), why).toThrow(WeightsVersionUnknown)
    expect(() => decodeSafetensors(file)).toThrow(/9\.9\.9/)
    expect(() => decodeSafetensors(file)).toThrow(why)
  }
})

it('throws for a flow that lacks a weight before it writes', () => {
  const weights = new Map(flow.weights)
  weights.delete('layers.1.mask')
  expect(() => encodeSafetensors({ ...flow, weights })).toThrow(ShapeError)
})
