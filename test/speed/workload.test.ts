import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { templateOf } from '../../bench/speed/workload.ts'

describe('the push of a benchmark', () => {
  for (const shape of [
    { eventsAPush: 1, eventBytes: 300 },
    { eventsAPush: 10, eventBytes: 1_100 },
    { eventsAPush: 100, eventBytes: 300 },
  ]) {
    it(`has ${shape.eventsAPush} events of ${shape.eventBytes} bytes, and its id twice`, () => {
      const { before, between, after } = templateOf(shape)

      const { message } = JSON.parse(`${before}7${between}7${after}`)

      assert.deepEqual([message.messageId, message.message_id], ['7', '7'])
      const lines = Buffer.from(message.data, 'base64').toString().split('\n')
      assert.deepEqual(
        lines.map((line) => line.length),
        Array(shape.eventsAPush).fill(shape.eventBytes),
      )
      for (const line of lines) assert.equal(JSON.parse(line).properties.$insert_id, undefined)
    })
  }
})
