import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { markChanges } from '../../../src/cli/page/marked-text.ts'

const SENT = '{"event":"a","properties":{"n":1,"time":17,"$insert_id":"1-1"}}'

/** The pieces as one text, with the changed ones in brackets. */
function shown(sent: string, given: string | undefined): string {
  return markChanges(sent, given)
    .map(({ text, isChanged }) => (isChanged ? `[${text}]` : text))
    .join('')
}

describe('a marked text', () => {
  for (const [what, given, text] of [
    [
      'both, when the event had neither',
      '{"event":"a","properties":{"n":1}}',
      '"time":[17],"$insert_id":["1-1"]',
    ],
    [
      'one, when the event had the other',
      '{"event":"a","properties":{"n":1,"time":17}}',
      '"time":17,"$insert_id":["1-1"]',
    ],
    [
      'a value that was another one',
      '{"event":"a","properties":{"time":"17","$insert_id":"1-1"}}',
      '"time":[17],"$insert_id":"1-1"',
    ],
    ['both, of an event in another shape', '{"type":"a"}', '"time":[17],"$insert_id":["1-1"]'],
    ['both, of a text that is no JSON', 'no JSON', '"time":[17],"$insert_id":["1-1"]'],
    ['none, when nothing is known of the event before', undefined, '"time":17,"$insert_id":"1-1"'],
  ] as const) {
    it(`marks ${what}`, () => {
      assert.equal(shown(SENT, given), `{"event":"a","properties":{"n":1,${text}}}`)
    })
  }

  it('marks nothing in a property that has an object with such names', () => {
    const sent = '{"event":"a","properties":{"o":{"time":1,"$insert_id":"x"}}}'

    assert.equal(shown(sent, '{}'), sent)
  })

  it('cuts a long text, and marks nothing in it', () => {
    const sent = JSON.stringify({ event: 'a', properties: { text: 'x'.repeat(20_000), time: 1 } })

    const pieces = markChanges(sent, '{}')

    assert.equal(pieces.length, 1)
    assert.equal(pieces[0]?.text, `${sent.slice(0, 8_000)}…`)
  })

  it('is the text itself, whatever the two texts are', () => {
    const texts = fc.oneof(fc.json(), fc.string(), fc.constant(SENT))
    fc.assert(
      fc.property(texts, fc.option(texts, { nil: undefined }), (sent, given) => {
        const whole = markChanges(sent, given)
          .map(({ text }) => text)
          .join('')
        assert.equal(whole, sent.length > 8_000 ? `${sent.slice(0, 8_000)}…` : sent)
      }),
    )
  })
})
