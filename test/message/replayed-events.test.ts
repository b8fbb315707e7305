import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayLines } from '../../src/message/replayed-events.ts'
import type { Place } from '../../src/model/event.ts'
import { aMessage } from '../helpers/builders.ts'

const REPLAY = { id: '77-3', line: 3, ordinal: 1, replays: 0, pushedAs: '900' }

function aLine(number: number): Place {
  return { number, start: 0, end: 2 }
}

describe('the lines of a replay', () => {
  it('keep their places when a whole message is replayed', () => {
    const replay = { ...REPLAY, line: 0 }
    const message = aMessage({ replay })
    const lines = [aLine(1), aLine(2)]

    assert.deepEqual(replayLines(message, replay, lines), { message, lines })
  })

  it('are one, at the place of the event in its message, when one event is replayed', () => {
    const message = aMessage({ replay: REPLAY })

    assert.deepEqual(replayLines(message, REPLAY, [aLine(1)]), { message, lines: [aLine(3)] })
  })

  it('are none when the data of a replay has none', () => {
    const message = aMessage({ replay: REPLAY })

    assert.deepEqual(replayLines(message, REPLAY, []), { message, lines: [] })
  })

  it('belong to a message named for the letter when the letter was split by hand', () => {
    const replay = { ...REPLAY, child: { place: 2, of: 3 } }
    const message = aMessage({ messageId: '77', replay })
    const lines = [aLine(1), aLine(2)]

    assert.deepEqual(replayLines(message, replay, lines), {
      message: { ...message, messageId: '77-3', replay: { ...REPLAY, line: 0 } },
      lines,
    })
  })
})
