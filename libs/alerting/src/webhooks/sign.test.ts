import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { headerSafe, signatureHeaders } from './sign.js'

const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, bytes).toString('base64')}`

test("the standard's own library verifies a signed message, and rejects a changed one", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 24, max: 64 }),
      (id, body, bytes) => {
        const headers = signatureHeaders(secret(bytes), { id, body, now: new Date() })
        const receiver = new Webhook(secret(bytes))
        const verify = (text: string, changed = {}) =>
          receiver.verify(text, { ...headers, ...changed }, { jsonParse: false })
        expect(() => verify(body)).not.toThrow()
        expect(() => verify(`${body} `)).toThrow('No matching signature')
        expect(() => verify(body, { 'webhook-id': `${headers['webhook-id']}x` })).toThrow('No matching signature')
      },
    ),
    { numRuns: 30 },
  )
})

test('with two secrets, receivers with either one verify the message', () => {
  const [old, next] = [secret(24), secret(32)]
  const headers = signatureHeaders(`${old}\n${next} `, { id: 'a/b/0/1', body: '{}', now: new Date() })
  for (const one of [old, next]) expect(new Webhook(one).verify('{}', headers)).toEqual({})
  expect(() => new Webhook(secret(40)).verify('{}', headers)).toThrow('No matching signature')
})

test('headerSafe percent-encodes full stops and characters that a header may not contain', () => {
  expect(headerSafe('flights/flights/2/673')).toBe('flights/flights/2/673')
  expect(headerSafe('a/orders.v1/0/7')).toBe('a/orders%2Ev1/0/7')
  expect(headerSafe('é\r\n%')).toBe('%C3%A9%0D%0A%25')
})
