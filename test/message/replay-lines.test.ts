import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayLines } from '../../src/message/replay-lines.ts'
import type { Place } from '../../src/model/event.ts'
import { aMessage } from '../helpers/builders.ts'

const REPLAY = { id: '77-3', line: 3, ordinal: 1, replays: 0, pushedAs: '900' }

function aLine(number: number): Place {
  return { number, start: 0, end: 2 }
}

describe('the lines of a message', () => {
  it('stay where they stand when it is no replay', () => {
    const message = aMessage()
    const lines = [aLine(1), aLine(2)]

    assert.deepEqual(replayLines(message, lines), { message, lines })
  })

  it('stay where they stand when a message as a whole is replayed', () => {
    const message = aMessage({ replay: { ...REPLAY, line: 0 } })
    const lines = [aLine(1), aLine(2)]

    assert.deepEqual(replayLines(message, lines), { message, lines })
  })

  it('are one, in the place of the letter’s event, when that is replayed', () => {
    const message = aMessage({ replay: REPLAY })

    assert.deepEqual(replayLines(message, [aLine(1)]), { message, lines: [aLine(3)] })
  })

  it('are those of a message named for the letter when its event was made into several', () => {
    const child = { place: 2, of: 3 }
    const message = aMessage({ messageId: '77', replay: { ...REPLAY, child } })
    const lines = [aLine(1), aLine(2)]

    assert.deepEqual(replayLines(message, lines), {
      message: { ...message, messageId: '77-3', replay: { ...REPLAY, line: 0 } },
      lines,
    })
  })
})
