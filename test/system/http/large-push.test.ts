import assert from 'node:assert/strict'
import { it } from 'node:test'
import { getHeapSpaceStatistics } from 'node:v8'
import type { Message } from '../../../src/model/message.ts'
import type { Settlement } from '../../../src/model/settlement.ts'
import { answerTo, startApp } from '../../helpers/app.ts'
import { base64 } from '../../helpers/builders.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { until } from '../../helpers/until.ts'

const DATA_BYTES = 6_000_000
const PUSHES = 4

for (const [what, data] of [
  ['as it is pushed', base64(Buffer.alloc(DATA_BYTES, 'x'))],
  ['with an escape in it', base64(Buffer.alloc(DATA_BYTES, 0xff)).replace('/', '\\/')],
] as const) {
  it(`a message holds large data once, in bytes: ${what}`, async (t) => {
    const end = Promise.withResolvers<Settlement>()
    const messages: Message[] = []
    const settle = (message: Message) => {
      messages.push(message)
      return end.promise
    }
    const { push } = await startApp(t, { deps: { settle } })
    const answers: Promise<string>[] = []
    collectGarbage()
    const before = memoryInUse()

    while (messages.length < PUSHES) {
      const next = messages.length + 1
      answers.push(push(`{"message":{"messageId":"${next}","data":"${data}"}}`))
      await until('the push waits', () => messages.length === next)
    }
    collectGarbage()
    const held = memoryInUse() - before
    end.resolve({ kind: 'ack', reason: 'imported', status: 204 })

    assert.ok(held < 1.1 * PUSHES * DATA_BYTES, `${held} bytes are held`)
    assert.ok(messages.every((message) => message.data.length === DATA_BYTES))
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['204']))
  })
}

/** Returns the bytes of the heap and of the Buffers outside it. */
function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

it('a push with large data becomes no large string on its way', async (t) => {
  const body = Buffer.from(
    JSON.stringify({ message: { messageId: '1', data: base64(Buffer.alloc(DATA_BYTES)) } }),
  )
  let largest = Number.NEGATIVE_INFINITY
  const settle = async (): Promise<Settlement> => {
    largest = largeStringsAndObjects() - before
    return { kind: 'ack', reason: 'imported', status: 204 }
  }
  const { begin } = await startApp(t, { deps: { settle } })
  const push = begin({ 'content-length': body.length })
  collectGarbage()
  const before = largeStringsAndObjects()

  push.end(body)

  assert.equal(await answerTo(push), '204')
  assert.ok(largest < DATA_BYTES, `${largest} bytes`)
})

/** Returns the bytes of what is too large for the pages of the heap. */
function largeStringsAndObjects(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name.includes('large_object'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}
