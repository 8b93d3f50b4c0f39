import { expect, it } from 'vitest'
import { makeEventStream } from './event-stream.js'

it('buffers at most 64 KiB for a client that does not read, and reports later how many events were dropped', async () => {
  const { body, send } = makeEventStream(() => {})
  const data = { text: 'x'.repeat(1_000) }
  for (let n = 0; n < 1_000; n++) send('anomaly', data)
  expect(body.readableLength).toBeLessThan(70_000)

  const read: string[] = []
  for await (const chunk of body) {
    read.push(String(chunk))
    if (String(chunk).includes('skipped')) break
  }
  const text = read.join('')
  const sent = text.match(/event: anomaly/g)!.length
  const { count } = JSON.parse(/event: skipped\ndata: (.*)/.exec(text)![1]!)
  expect(sent + count).toBe(1_000)
})

it('writes a record’s line breaks as data', async () => {
  const { body, send } = makeEventStream(() => {})
  send('anomaly', { note: 'one\n\nevent: forged' })
  // From Node 26 on, read() returns one chunk per call, in earlier versions all buffered chunks.
  const chunks = body.iterator()
  let text = ''
  while (body.readableLength > 0) text += String((await chunks.next()).value)
  expect(text.split('\n\n').filter((event) => event !== '')).toHaveLength(2)
  body.destroy()
})

it('calls onClosed when its client has disconnected', async () => {
  await new Promise<void>((resolve) => makeEventStream(resolve).body.destroy())
})
