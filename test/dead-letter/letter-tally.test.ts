import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { publishedForm } from '../../src/dead-letter/letter-form.ts'
import { createLetterTally, type LetterTally } from '../../src/dead-letter/letter-tally.ts'
import { makeDeadLetter } from '../../src/dead-letter/make-dead-letter.ts'
import { rejected } from '../../src/model/outcome.ts'
import type { RejectedEvent } from '../../src/model/pending-event.ts'
import { anyText } from '../helpers/any-text.ts'
import { aMessage, base64 } from '../helpers/builders.ts'

const MIB = 1024 * 1024
const MESSAGE = aMessage({ attributes: {} })

function aRejectedEvent(number: number, text = '1'): RejectedEvent {
  const outcome = rejected('invalid_event', 'the event is not a JSON object')
  return { line: { number, text }, ordinal: 1, child: 0, outcome }
}

/** Bytes stand in their letter as base64, which is not made to be measured. */
function tallyOf(data: Buffer, text: string, decodedBytes: number): LetterTally {
  const tally = createLetterTally(aMessage({ attributes: {}, data }), decodedBytes)
  const outcome = rejected('unreadable_data', 'no text')
  tally.add([{ ordinal: 1, child: 0, outcome }, aRejectedEvent(1, text)])
  return tally
}

/** Whether two letters of a file that take so many bytes in all are too many. */
function areTooMany(bytes: number, decodedBytes: number): boolean {
  const left = bytes - tallyOf(Buffer.alloc(0), '', decodedBytes).bytes()
  const data = Buffer.alloc(Math.floor(left / 4) * 3)
  const tally = tallyOf(data, 'x'.repeat(left % 4), decodedBytes)
  assert.equal(tally.bytes(), bytes)
  return tally.areTooMany()
}

describe('the letters of a message', () => {
  it('are measured to the byte', () => {
    const text = anyText({ maxLength: 50 })
    const event = fc
      .tuple(fc.integer({ min: 1 }), text)
      .map(([line, one]) => aRejectedEvent(line, one))

    fc.assert(
      fc.property(fc.array(event), fc.dictionary(text, text), (events, attributes) => {
        const message = aMessage({ attributes })
        const tally = createLetterTally(message, 0)

        tally.add(events)

        const letters = events.map((one) => makeDeadLetter(message, one, 1e12, publishedForm))
        const lines = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
        assert.equal(tally.bytes(), Buffer.byteLength(lines))
      }),
    )
  })

  it('are measured to the byte when a message with bytes is rejected as a whole', () => {
    const bytes = Buffer.from('no event')
    const whole = { ordinal: 1, child: 0, outcome: rejected('unreadable_data', 'no text') }
    const inBase64 = makeDeadLetter(aMessage({ data: base64(bytes) }), whole, 1e12, publishedForm)
    const tally = createLetterTally(aMessage({ data: bytes }), 0)

    tally.add([whole])

    assert.equal(tally.bytes(), Buffer.byteLength(`${JSON.stringify(inBase64)}\n`))
  })

  for (const [bytes, decodedBytes, tooMany] of [
    [MIB, 0, false],
    [MIB + 1, 0, true],
    [MIB + 1, MIB / 16, true],
    [MIB + 16, MIB / 16 + 1, false],
    [32 * MIB, 2 * MIB, false],
    [32 * MIB + 1, 2 * MIB, true],
    [64 * MIB, 8 * MIB, false],
    [64 * MIB + 1, 8 * MIB, true],
  ] as const) {
    const are = tooMany ? 'are too many' : 'are stored one by one'
    it(`${are} when ${bytes} bytes come of ${decodedBytes}`, () => {
      assert.equal(areTooMany(bytes, decodedBytes), tooMany)
    })
  }

  it('are as many bytes as the lines of their file', () => {
    const events = [aRejectedEvent(1), aRejectedEvent(2, 'ä€😀')]
    const tally = createLetterTally(MESSAGE, 0)

    tally.add(events)

    const letters = events.map((one) => makeDeadLetter(MESSAGE, one, 1e12, publishedForm))
    const lines = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
    assert.equal(tally.bytes(), Buffer.byteLength(lines))
  })

  it('are too many when one has a line for which no letter has room', () => {
    const tally = createLetterTally(MESSAGE, 0)

    tally.add([{ ...aRejectedEvent(1), line: { number: 1, text: '', isTooLong: true } }])
    tally.add([aRejectedEvent(2)])

    assert.equal(tally.areTooMany(), true)
  })

  it('are summed up to the end of the data when one has the rest of it', () => {
    const tally = createLetterTally(MESSAGE, 0)

    tally.add([aRejectedEvent(1)])
    tally.add([{ ...aRejectedEvent(3), line: { number: 3, text: '{"event":', isRest: true } }])

    assert.equal(tally.sum().lines, '1,3-999999999')
  })

  it('are never too many when it is one', () => {
    const tally = createLetterTally(MESSAGE, 0)

    tally.add([aRejectedEvent(1, 'x'.repeat(2 * MIB))])

    assert.equal(tally.areTooMany(), false)
  })

  it('are summed up without lines or a field when the message was rejected as a whole', () => {
    const tally = createLetterTally(MESSAGE, 0)

    tally.add([{ ordinal: 1, child: 0, outcome: rejected('too_large', 'no') }])

    assert.deepEqual(tally.sum(), { events: 1, lines: '', reasons: { too_large: 1 } })
  })

  it('are summed up by reason, with the first field and the lines', () => {
    const tally = createLetterTally(MESSAGE, 0)
    const noTime = rejected('invalid_event', 'no time', 'properties.time')
    const refused = rejected('refused_by_mixpanel', 'no', 'properties.$insert_id')

    tally.add([aRejectedEvent(1), { ...aRejectedEvent(2), outcome: noTime }])
    tally.add([{ ...aRejectedEvent(2), outcome: refused, child: 2 }, aRejectedEvent(9)])

    assert.deepEqual(tally.sum(), {
      events: 4,
      lines: '1-2,9',
      reasons: { invalid_event: 3, refused_by_mixpanel: 1 },
      field: 'properties.time',
    })
  })
})
