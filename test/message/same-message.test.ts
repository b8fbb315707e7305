import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { digestOf, isSameMessage } from '../../src/message/same-message.ts'
import type { Message, MessageData } from '../../src/model/message.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { aMessage } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { answersOf, createLedgerScene } from '../helpers/ledger.ts'

/** Five bytes that change the bytes that they are added to, by XOR, and not their CRC-32. */
const CRC_NEUTRAL = [0x01, 0x96, 0x30, 0x07, 0x77]

const text = fc.oneof(fc.constantFrom('', 'a', 'b'), fc.string({ maxLength: 4 }))
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const data: fc.Arbitrary<MessageData> = fc.oneof(
  bytes.map((plain) => plain.toString('base64')),
  bytes,
  text,
)
const message: fc.Arbitrary<Message> = fc
  .record({
    messageId: fc.constantFrom('1', '2'),
    subscription: fc.constantFrom('projects/p/subscriptions/s', ''),
    attributes: fc.dictionary(text, text, { maxKeys: 2 }),
    data,
    replay: fc.option(fc.constantFrom(replayOf('1-1'), replayOf('1-2')), { nil: undefined }),
  })
  .map(({ replay, ...rest }) => aMessage({ ...rest, ...(replay && { replay }) }))

/** Two different data of the same length and CRC-32. */
const forged: fc.Arbitrary<readonly [MessageData, MessageData]> = fc.oneof(
  fc.uint8Array({ minLength: 5, maxLength: 100 }).chain((array) => {
    const from = fc.nat({ max: array.length - CRC_NEUTRAL.length })
    const asText = (buffer: Buffer): MessageData => buffer.toString('base64')
    return fc
      .tuple(
        from,
        fc.constantFrom(asText, (buffer: Buffer) => buffer),
      )
      .map(([at, form]) => {
        const other = Buffer.from(array)
        for (const [index, byte] of CRC_NEUTRAL.entries())
          other.writeUInt8((other[at + index] ?? 0) ^ byte, at + index)
        assert.equal(crc32(array), crc32(other))
        return [form(Buffer.from(array)), form(other)] as const
      })
  }),
  fc.constant(collidingTexts()),
)

function replayOf(id: string): Message['replay'] {
  return { id, line: 1, ordinal: 1, replays: 0, pushedAs: '9' }
}

/** Finds two base64 texts of one length and CRC-32: among 2^18 texts there are several. */
function collidingTexts(): readonly [string, string] {
  const byCrc = new Map<number, string>()
  for (let n = 0; ; n += 1) {
    const candidate = hash('sha256', `${n}`, 'base64').slice(0, 12)
    const known = byCrc.get(crc32(candidate))
    if (known !== undefined) return [known, candidate]
    byCrc.set(crc32(candidate), candidate)
  }
}

describe('two messages', () => {
  it('are the same exactly when they have the same digest', () => {
    fc.assert(
      fc.property(message, message, (one, other) => {
        assert.equal(isSameMessage(one, other), digestOf(one) === digestOf(other))
        assert.ok(isSameMessage(one, copyOf(one)))
      }),
    )
  })

  it('are never joined when they differ, whatever their ids and their CRC-32', async () => {
    await fc.assert(
      fc.asyncProperty(forged, async ([one, other]) => {
        const ends: (() => void)[] = []
        const { push, calls } = createLedgerScene((progress) => {
          return new Promise((resolve) => {
            ends.push(() => resolve(nack(progress.message.data === one ? 'throttled' : 'suspect')))
          })
        })

        const pushes = [await push(aMessage({ data: one })), await push(aMessage({ data: other }))]
        const joined = [await push(aMessage({ data: other })), await push(aMessage({ data: one }))]
        for (const end of ends) end()
        await settlePromises()

        assert.equal(ends.length, 2)
        assert.equal(calls.duplicates, 2)
        assert.deepEqual(answersOf([...pushes, ...joined]), [
          'nack throttled',
          'nack suspect',
          'nack suspect',
          'nack throttled',
        ])
      }),
    )
  })

  it('with the same ids are each joined by their own redelivery, in whatever order they end', async () => {
    const order = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.boolean()), { maxLength: 30 })

    await fc.assert(
      fc.asyncProperty(order, async (steps) => {
        const underWay = new Map<MessageData, () => void>()
        const { push, calls } = createLedgerScene(({ message: { data } }) => {
          assert.ok(!underWay.has(data), 'a message under way began once more')
          return new Promise((resolve) => {
            underWay.set(data, () => resolve(nack('throttled')))
          })
        })
        let duplicates = 0
        for (const [n, isPush] of steps) {
          const of = `data ${n}`
          if (isPush) {
            if (underWay.has(of)) duplicates += 1
            await push(aMessage({ data: of }))
          } else {
            const end = underWay.get(of)
            underWay.delete(of)
            end?.()
            await settlePromises()
          }
        }
        assert.equal(calls.duplicates, duplicates)
      }),
    )
  })
})

/** A copy that shares nothing with the message. */
function copyOf(original: Message): Message {
  const { data: held, attributes } = original
  const copied = typeof held === 'string' ? `${held}` : Buffer.from(held)
  const reversed = Object.fromEntries(Object.entries(attributes).reverse())
  return { ...original, data: copied, attributes: reversed }
}
