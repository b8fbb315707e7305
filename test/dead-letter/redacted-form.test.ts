import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createRedactedForm } from '../../src/dead-letter/redacted-form.ts'
import type { DecodedLines, Line, Place } from '../../src/model/event.ts'
import type { Message } from '../../src/model/message.ts'
import { rejected } from '../../src/model/outcome.ts'
import type { RejectedEvent } from '../../src/model/pending-event.ts'
import type { PrivacyStep } from '../../src/transform/mapping/mapping-file.ts'
import { compilePrivacy } from '../../src/transform/mapping/privacy/compile-privacy.ts'
import { aMessage } from '../helpers/builders.ts'

const KEY = 'a key of the tests'
const STEPS: readonly PrivacyStep[] = [
  { remove: ['**.email', 'customer.name'] },
  { hash: ['**.userId'], key: 'KEY' },
]
const REPLAY = { id: '7-3', line: 3, ordinal: 1, replays: 0, pushedAs: '8' }

function form({ keepsUnparsed = true, steps = STEPS } = {}) {
  const made = compilePrivacy(steps, { env: { KEY }, keys: 'environment' })
  assert.ok(made.kind === 'compiled')
  return createRedactedForm({ redaction: made.privacy, keepsUnparsed })
}

function anEvent(changes: Partial<RejectedEvent>): RejectedEvent {
  return { ordinal: 1, child: 0, outcome: rejected('invalid_event', 'no name'), ...changes }
}

function lineOf(text: string): Line {
  return { number: 3, text }
}

/** A hash in a letter whose event is mapped again. */
function provenHmac(text: string): string {
  return `${hmac(text)}.${hmac(`hash in a letter: ${hmac(text)}`)}`
}

function hmac(text: string): string {
  return createHmac('sha256', KEY).update(text).digest('hex')
}

describe('the letter of an event that came out of the mapping', () => {
  const unredacted = '{"customer":{"name":"Ada Lovelace","email":"a@example.com"},"user_id":"u-1"}'
  const mapped = { text: '{"event":"a"}', unredacted: `{"event":"a","properties":${unredacted}}` }

  it('holds the event as it came out, and nothing that was taken away', () => {
    const message = aMessage({
      attributes: {
        'E-Mail': 'b@example.com',
        user: 'u-1',
        note: 'for Ada Lovelace',
        source: 'web',
      },
      orderingKey: 'a@example.com',
    })

    const { content, stage, about } = form().ofEvent(
      message,
      anEvent({ mapped, line: lineOf('{') }),
    )

    assert.deepEqual([content, stage], [{ event: '{"event":"a"}' }, 'mapped'])
    assert.deepEqual(about.attributes, { user: hmac('u-1'), source: 'web' })
    assert.ok(!('orderingKey' in about))
    assert.equal(about.messageId, message.messageId)
  })

  it('is the same when it fails again: nothing is hashed twice', () => {
    const message = aMessage({ attributes: { user_id: hmac('u-1') }, orderingKey: hmac('u-2') })
    const again = anEvent({
      mapped: { text: `{"user_id":"${hmac('u-1')}"}`, unredacted: undefined },
    })

    const { content, about } = form().ofEvent(message, again)

    assert.deepEqual(content, { event: `{"user_id":"${hmac('u-1')}"}` })
    assert.deepEqual(about.attributes, message.attributes)
    assert.equal(about.orderingKey, message.orderingKey)
  })
})

describe('the letter of a line that did not become an event', () => {
  it('holds the line with the paths that begin with ** applied, and no other', () => {
    const text = '{ "Email":1, "customer":{"name":"Ada","user id":"u-1"} }'

    const { content, stage, detail } = form().ofEvent(aMessage(), anEvent({ line: lineOf(text) }))

    assert.deepEqual(content, {
      event: `{ "customer":{"name":"Ada","user id":"${provenHmac('u-1')}"} }`,
    })
    assert.deepEqual([stage, detail], ['published', 'no name'])
  })

  it('tells of attributes and the ordering key what the paths leave of them', () => {
    const text = '{"email":"a@example.com","userId":"u-1"}'
    const aboutOf = (orderingKey: string) =>
      form().ofEvent(
        aMessage({
          attributes: {
            email: 'x',
            __proto__: 'y',
            body: '{"email":1,"b":2}',
            who: 'a@example.com',
          },
          orderingKey,
        }),
        anEvent({ line: lineOf(text) }),
      ).about

    assert.deepEqual(aboutOf('k').attributes, { body: '{"b":2}' })
    assert.equal(aboutOf('k').orderingKey, 'k')
    assert.equal(aboutOf('u-1').orderingKey, provenHmac('u-1'))
    assert.equal(aboutOf('user a@example.com').orderingKey, undefined)
  })

  it('applies a path for the ordering key by its name', () => {
    const { ofEvent } = form({ steps: [{ remove: ['**.ordering_key'] }] })
    const event = anEvent({ line: lineOf('{}') })

    assert.ok(!('orderingKey' in ofEvent(aMessage({ orderingKey: 'k' }), event).about))
  })

  it('holds bytes that are not UTF-8 with the paths applied to their names', () => {
    const bytes = Buffer.from('{"email":"a","name":"\xff"}', 'latin1')
    const line = {
      number: 1,
      text: '{"email":"a","name":"\ufffd"}',
      data: bytes.toString('base64'),
    }

    const { content } = form().ofEvent(aMessage(), anEvent({ line }))

    assert.deepEqual(content, { data: Buffer.from('{"name":"\xff"}', 'latin1') })
  })

  it('redacts a text that nests too deep to be parsed', () => {
    const text = `${'['.repeat(50_000)}{"email":1}${']'.repeat(50_000)}`

    const { content } = form().ofEvent(aMessage(), anEvent({ line: lineOf(text) }))

    assert.equal(content.event, text.replace('"email":1', ''))
  })

  for (const [what, event, published] of [
    ['a line that is no JSON', { line: lineOf('{"email":"a') }, { event: '{"email":"a' }],
    ['a line that is one word', { line: lineOf('a@example.com') }, { event: 'a@example.com' }],
    ['a line that is too long', { line: lineOf(`"${'x'.repeat(2 ** 22)}"`) }, undefined],
    ['a message that is no text', {}, { data: 'H4sA' }],
  ] as const) {
    it(`holds ${what} as it was published, or its size and digest only`, () => {
      const message = aMessage({ data: 'H4sA', attributes: { email: 'a' } })
      const content = published ?? { event: event.line?.text ?? '' }
      const bytes =
        'data' in content ? Buffer.from(content.data, 'base64') : Buffer.from(content.event)

      const kept = form().ofEvent(message, anEvent(event))
      const not = form({ keepsUnparsed: false }).ofEvent(message, anEvent(event))

      assert.deepEqual([kept.content, kept.about.attributes], [content, {}])
      assert.equal(kept.detail, 'no name')
      assert.deepEqual([not.content, not.about.attributes], [{}, {}])
      const digest = createHash('sha256').update(bytes).digest('hex')
      assert.equal(not.detail, `not stored: ${bytes.length} bytes, SHA-256 ${digest}; no name`)
    })
  }

  it('holds an empty text for a message without data', () => {
    const { ofEvent } = form({ keepsUnparsed: false })

    assert.deepEqual(ofEvent(aMessage({ data: '' }), anEvent({ line: lineOf('') })).content, {
      event: '',
    })
  })

  it('stays mapped, or without content, for a letter that was published again', () => {
    const { ofEvent } = form()
    const event = anEvent({ line: lineOf('{"email":1}') })
    const mapped = aMessage({ replay: { ...REPLAY, isMapped: true } })
    const emptied = aMessage({ replay: { ...REPLAY, isEmptied: true } })

    assert.deepEqual(ofEvent(mapped, event).content, { event: '{}' })
    assert.equal(ofEvent(mapped, event).stage, 'mapped')
    assert.deepEqual(ofEvent(emptied, event).content, {})
  })
})

describe('the letter of a whole message', () => {
  const LINES = ['{"email":"a@example.com","n":1}', '', '{"n":2}', '{"email":', '[{"userId":3}]']
  const KEPT = ['{"n":1}', '', '{"n":2}', '{"email":', `[{"userId":"${provenHmac('3')}"}]`]

  it('holds each line with the paths that begin with ** applied, in its place', async () => {
    const message = aMessage({ attributes: { to: 'a@example.com' } })

    const parts = await form().ofMessage(message, decoded(LINES))

    assert.deepEqual(parts.content, { event: KEPT.join('\n') })
    assert.deepEqual([parts.stage, parts.about.attributes], ['published', {}])
  })

  it('holds a text in the place of a line that is not stored', async () => {
    const { content } = await form({ keepsUnparsed: false }).ofMessage(aMessage(), decoded(LINES))

    const digest = createHash('sha256').update('{"email":').digest('hex')
    const note = `"not stored: 9 bytes, SHA-256 ${digest}"`
    assert.equal(content.event, KEPT.toSpliced(3, 1, note).join('\n'))
  })

  it('is compressed when the message was', async () => {
    const compressed = gzipSync(LINES.join('\n'))
    for (const data of [compressed, compressed.toString('base64')]) {
      const { content } = await form().ofMessage(aMessage({ data }), decoded(LINES))

      assert.equal(unzipped(content.data), KEPT.join('\n'))
    }
  })

  it('is compressed when it is large, and holds all of it', async () => {
    const lines = Array.from({ length: 40_000 }, (_, at) => `{"n":${at},"x":"${'y'.repeat(20)}"}`)
    const some = lines.with(100, '{"email":1}').with(39_999, '{"email":1}')

    const { content } = await form().ofMessage(aMessage(), decoded(some))

    assert.equal(unzipped(content.data), lines.with(100, '{}').with(39_999, '{}').join('\n'))
  })

  it('holds bytes when a line is not UTF-8', async () => {
    const { content } = await form().ofMessage(
      aMessage(),
      decoded(['{"email":1}', '"\xff"'], 'latin1'),
    )

    assert.deepEqual(content, { data: Buffer.from('{}\n"\xff"', 'latin1') })
  })
})

function unzipped(data: Message['data'] | undefined): string {
  assert.ok(Buffer.isBuffer(data))
  return gunzipSync(data).toString()
}

/** Returns lines as they are decoded; blank ones have no place. */
function decoded(lines: readonly string[], encoding: 'utf8' | 'latin1' = 'utf8'): DecodedLines {
  const places: Place[] = []
  let start = 0
  for (const [at, line] of lines.entries()) {
    const end = start + Buffer.byteLength(line, encoding)
    if (line !== '') places.push({ number: at + 1, start, end })
    start = end + 1
  }
  const bytes = Buffer.from(lines.join('\n'), encoding)
  return { kind: 'lines', body: { bytes, isUtf8: encoding === 'utf8' }, lines: places }
}
