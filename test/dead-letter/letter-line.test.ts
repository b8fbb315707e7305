import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatLines, jsonBytes } from '../../src/dead-letter/letter-line.ts'
import type { LetterToStore } from '../../src/model/dead-letter.ts'
import { anyText } from '../helpers/any-text.ts'
import { aDeadLetter } from './a-dead-letter.ts'

const { event: _, ...LETTER } = aDeadLetter()
const TEXT = fc.oneof(anyText(), fc.constant('"data":""'), fc.constant('data'))
const BYTES = fc.uint8Array().map((bytes) => Buffer.from(bytes))

/** A letter with bytes, and texts that look like the field of its data. */
const LARGE_LETTER = fc
  .record({
    id: TEXT,
    detail: TEXT,
    field: TEXT,
    data: BYTES,
    attributes: fc.dictionary(TEXT, TEXT),
  })
  .map(({ id, detail, field, data, attributes }): LetterToStore => {
    const message = { ...LETTER.message, attributes }
    return {
      id,
      deadLetteredAt: '',
      reason: 'invalid_json',
      field,
      detail,
      data,
      stage: 'published',
      line: 0,
      replays: 0,
      message,
    }
  })

function inBase64(letter: LetterToStore): unknown {
  const { data } = letter
  return typeof data === 'object' ? { ...letter, data: data.toString('base64') } : letter
}

describe('the lines of letters', () => {
  it('hold bytes as base64, like any other data', () => {
    const letter = fc.oneof(fc.constant(aDeadLetter()), LARGE_LETTER)

    fc.assert(
      fc.property(fc.array(letter, { maxLength: 4 }), (letters) => {
        const lines = letters.map((one) => `${JSON.stringify(inBase64(one))}\n`).join('')

        assert.deepEqual(formatLines(letters), Buffer.from(lines))
      }),
    )
  })

  it('are as long as they are measured', () => {
    fc.assert(
      fc.property(LARGE_LETTER, (letter) => {
        assert.equal(jsonBytes(letter) + 1, formatLines([letter]).length)
      }),
    )
  })
})
