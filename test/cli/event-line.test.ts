import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventGroup, eventLine, type FeedEvent } from '../../src/cli/event-line.ts'

const ID = '9007199254840993'
const DELIVERED: FeedEvent = {
  kind: 'delivered',
  messageId: ID,
  answer: '503',
  settlement: 'nack',
  attempt: 12,
  again: 'redelivery',
  tookMs: 7_000.4,
}

describe('the line of an event', () => {
  for (const [line, event] of [
    [`published    ${ID}    17,900 bytes`, { kind: 'published', messageId: ID, bytes: 17_900 }],
    [`delivered    ${ID}    503 nack       attempt 12  7,000 ms  redelivery`, DELIVERED],
    [
      `delivered    ${ID}    503 nack       attempt 1   7,000 ms  MIXPANEL_UNAVAILABLE`,
      { ...DELIVERED, attempt: 1, again: 'first', code: 'MIXPANEL_UNAVAILABLE' },
    ],
    [
      `delivered    ${ID}    503 nack       attempt 12  7,000 ms  redelivery  DEADLINE`,
      { ...DELIVERED, code: 'DEADLINE' },
    ],
    [
      `delivered    ${ID}    204 ack        attempt 1      44 ms`,
      { ...DELIVERED, answer: '204', settlement: 'ack', attempt: 1, again: 'first', tookMs: 44 },
    ],
    [
      `delivered    ${ID}    no answer nack attempt 1      44 ms  duplicate`,
      { ...DELIVERED, answer: 'no answer', attempt: 1, again: 'duplicate', tookMs: 44 },
    ],
    [
      `dead letter  ${ID}-1  invalid_event at properties.time: no time`,
      {
        kind: 'dead_letter',
        id: `${ID}-1`,
        reason: 'invalid_event',
        field: 'properties.time',
        detail: 'no time',
      },
    ],
    ['switched     faults: none', { kind: 'switched', what: 'faults', to: 'none' }],
  ] as const satisfies readonly (readonly [string, FeedEvent])[]) {
    it(`is legible: ${line}`, () => {
      assert.equal(eventLine(event), line)
    })
  }

  it('is one line, whatever an id or a transform’s error holds', () => {
    const line = eventLine({ kind: 'dead_letter', id: 'a\nb', reason: 'r', detail: 'x\u001b[2Jy' })

    assert.equal(line, String.raw`dead letter  a\nb                 r: x\u001b[2Jy`)
  })

  it('has a colour for an ack, a nack and a dead letter', () => {
    const paint = (colour: string, text: string) => `<${colour} ${text}>`
    const letter: FeedEvent = { kind: 'dead_letter', id: 'i', reason: 'r', detail: 'd' }
    const acked: FeedEvent = { ...DELIVERED, answer: '204', settlement: 'ack', again: 'first' }

    assert.match(eventLine(DELIVERED, paint), /^delivered {4}\d+ {4}<red 503 nack {6}> attempt 12/)
    assert.match(eventLine(acked, paint), / <green 204 ack {7}> attempt/)
    assert.equal(eventLine(letter, paint), '<yellow dead letter  i                   r: d>')
  })

  it('is counted by what came of it', () => {
    assert.equal(eventGroup(DELIVERED), 'nacked')
    assert.equal(eventGroup({ kind: 'published', messageId: ID, bytes: 1 }), 'published')
    assert.equal(
      eventGroup({ kind: 'dead_letter', id: ID, reason: 'r', detail: '' }),
      'dead-lettered',
    )
  })
})
