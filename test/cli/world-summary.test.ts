import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { FeedEvent } from '../../src/cli/event-line.ts'
import { createWorldTally } from '../../src/cli/world-summary.ts'

const NACK: FeedEvent = {
  kind: 'delivered',
  messageId: '1',
  answer: '503',
  settlement: 'nack',
  code: 'THROTTLED',
  attempt: 1,
  again: 'first',
  tookMs: 1,
}

it('sums up a world in one line, with the reasons of its nacks', () => {
  const tally = createWorldTally()
  const { code: _, ...unanswered } = NACK
  for (let n = 0; n < 1_200; n++) tally.add({ kind: 'published', messageId: '1', bytes: 1 })
  for (const event of [NACK, NACK, { ...unanswered, answer: 'no answer' }]) tally.add(event)
  tally.add({ ...NACK, settlement: 'ack', answer: '204' })
  tally.add({ kind: 'dead_letter', id: '1-1', reason: 'r', detail: '' })
  tally.add({ kind: 'switched', what: 'a', to: 'b' })

  assert.equal(
    tally.text({ rows: 5, copies: 2, backlog: 1 }),
    'In all: 1,200 messages published, 1 acked, 3 nacked (THROTTLED 2, no answer 1), ' +
      '3 events in Mixpanel (copies removed: 2), 1 dead letter, 1 message not acked',
  )
})
