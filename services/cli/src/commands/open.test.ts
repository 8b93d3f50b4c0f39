import { configSchema } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { anomalyAddress } from './open.js'

const ID = 'flights/flights/2/18043'
const config = ({ console = {}, http = {} }: { readonly console?: object; readonly http?: object }) => ({
  console: configSchema.shape.console.parse(console),
  http: configSchema.shape.http.parse(http),
})

it.each([
  [{}, 'http://127.0.0.1:9404/anomalies/flights%2Fflights%2F2%2F18043'],
  [
    { http: { ports: { console: 8080 } }, console: { host: '::1' } },
    'http://[::1]:8080/anomalies/flights%2Fflights%2F2%2F18043',
  ],
  [
    { console: { url: 'https://outflow.example.org' } },
    'https://outflow.example.org/anomalies/flights%2Fflights%2F2%2F18043',
  ],
])('with %j the anomaly is at %s', (part, address) => {
  expect(anomalyAddress(ID, config(part))).toBe(address)
})

it('throws when the port of the console is not fixed', () => {
  expect(() => anomalyAddress(ID, config({ http: { ports: { console: 0 } } }))).toThrow('set console.url')
})
