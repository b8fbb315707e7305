import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecentMessages } from '../../../src/cli/page/recent-messages.ts'

const delivery = (attempt: number) =>
  ({
    kind: 'delivered',
    messageId: '1',
    answer: '503',
    settlement: 'nack',
    attempt,
    again: 'first',
    tookMs: 1,
    at: 0,
  }) as const

function message(messageId: string, bytes = 1) {
  return { messageId, publishTime: '', attributes: {}, data: Buffer.alloc(bytes) }
}

describe('the recent messages', () => {
  it('are the last two thousand, with the newest first', () => {
    const recent = createRecentMessages()

    for (let n = 1; n <= 2_001; n++) recent.add(message(`${n}`))

    assert.equal(recent.find('1'), undefined)
    assert.equal(recent.all().length, 2_000)
    assert.equal(recent.all()[0]?.message.messageId, '2001')
  })

  it('have 32 MiB at most', () => {
    const recent = createRecentMessages()

    for (let n = 1; n <= 10; n++) recent.add(message(`${n}`, 8 * 1024 * 1024))

    assert.deepEqual(
      recent.all().map(({ message }) => message.messageId),
      ['10', '9', '8', '7'],
    )
  })

  it('have their first delivery and the last ones', () => {
    const recent = createRecentMessages()
    recent.add(message('1'))

    for (let attempt = 1; attempt <= 30; attempt++) recent.delivered(delivery(attempt))
    recent.delivered({ ...delivery(1), messageId: 'gone' })

    const attempts = recent.find('1')?.deliveries.map(({ attempt }) => attempt) ?? []
    assert.equal(attempts.length, 20)
    assert.deepEqual([attempts[0], attempts.at(-1)], [1, 30])
  })
})
