import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ShapeError, WeightsDamaged, WeightsForeign, WeightsVersionUnknown } from './errors.js'
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

it('gives back the flow that it wrote, and the same bytes for it', () => {
  const back = decodeSafetensors(bytes)
  expect(back.spec).toEqual(flow.spec)
  expect(new Map([...back.weights].sort())).toEqual(new Map([...flow.weights].sort()))
  expect(encodeSafetensors(back)).toEqual(bytes)
})

it.each(['glow', 'spline'] as const)('keeps a flow of the kind %s whole', (kind) => {
  const other = unfittedFlow({ ...flowSpec(kind, 3, 2), layers: 2, hidden: [4] }, 1)
  const back = decodeSafetensors(encodeSafetensors(other))
  expect(back.spec).toEqual(other.spec)
  expect(new Map([...back.weights].sort())).toEqual(new Map([...other.weights].sort()))
})

it('writes what any reader of safetensors reads', () => {
  const { __metadata__, ...tensors } = JSON.parse(header)
  expect(headerLength % 8).toBe(0)
  expect(Object.values(__metadata__).every((value) => typeof value === 'string')).toBe(true)
  const { dtype, shape, data_offsets } = tensors['layers.0.actnorm.bias']
  expect({ dtype, shape, length: data_offsets[1] - data_offsets[0] }).toEqual({ dtype: 'F32', shape: [3], length: 12 })
})

it('calls a file that was cut anywhere truncated or foreign, and never reads it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
      const refusal = length < 9 ? WeightsForeign : WeightsDamaged
      expect(() => decodeSafetensors(bytes.slice(0, length))).toThrow(refusal)
    }),
    { seed: 1 },
  )
})

it('notices one flipped bit wherever it is in the numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8 + headerLength, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 7 }),
      (at, bit) => {
        const flipped = bytes.slice()
        flipped[at]! ^= 1 << bit
        expect(() => decodeSafetensors(flipped)).toThrow(WeightsDamaged)
      },
    ),
    { seed: 1 },
  )
})

it('gives no other flow for one flipped bit in the header', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 + headerLength }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const flipped = bytes.slice()
      flipped[at]! ^= 1 << bit
      let read: unknown
      try {
        read = decodeSafetensors(flipped)
      } catch (error: unknown) {
        expect([WeightsDamaged, WeightsForeign, WeightsVersionUnknown]).toContain((error as Error).constructor)
        return
      }
      expect(read).toEqual(decodeSafetensors(bytes))
    }),
    { seed: 1, numRuns: 300 },
  )
})

it('calls other files foreign', () => {
  expect(() => decodeSafetensors(new TextEncoder().encode('row,nll,p_value,anomaly\n0,1.5,0.2,false\n'))).toThrow(
    WeightsForeign,
  )
  expect(() => decodeSafetensors(new Uint8Array(0))).toThrow(WeightsForeign)
  expect(() => decodeSafetensors(withHeader('{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'))).toThrow(
    WeightsForeign,
  )
})

it('names the version that a later outflow wrote', () => {
  const later = header.replace('"version":"1"', '"version":"2"')
  expect(() => decodeSafetensors(withHeader(later))).toThrow(WeightsVersionUnknown)
  expect(() => decodeSafetensors(withHeader(later))).toThrow(/got 2/)
})

it('refuses to write a flow that lacks a weight', () => {
  const weights = new Map(flow.weights)
  weights.delete('layers.1.mask')
  expect(() => encodeSafetensors({ ...flow, weights })).toThrow(ShapeError)
})
