import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { importBodyOf } from '../../src/deliver/import-body.ts'
import { createLimit } from '../../src/lib/semaphore.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import { aPendingEvent, aPreparedEvent, aSink } from '../helpers/builders.ts'

const limit = createLimit(2)

function pendingWith(texts: readonly string[]): PendingEvent[] {
  const sink = aSink()
  return texts.map((text) => aPendingEvent(sink, aPreparedEvent({ text })))
}

describe('importBodyOf', () => {
  it('joins the texts of the events byte for byte: no number is rounded, no key lost', async () => {
    const texts = [
      '{"event":"a","properties":{"id":9007199254740993, "x":1e400}}',
      '{"event":"é\\u2019","properties":{"k":1,"k":2,"time":1628315585.0}}',
    ]

    const body = await importBodyOf(pendingWith(texts), limit)

    assert.equal(body.encoding, 'identity')
    assert.equal(body.bytes.toString(), `[${texts.join(',')}]`)
  })

  it('compresses a large body without loss', async () => {
    for (const repeated of [200, 20_000]) {
      const text = `{"event":"a","properties":{"id":9007199254740993,"x":"${'é😀'.repeat(repeated)}"}}`

      const body = await importBodyOf(pendingWith([text, text, text]), limit)

      assert.equal(body.encoding, 'gzip')
      assert.ok(body.bytes.byteLength < body.plainBytes)
      assert.equal(gunzipSync(body.bytes).toString(), `[${text},${text},${text}]`)
    }
  })

  it('compresses no body, however large, in the form plain', async () => {
    const text = `{"event":"a","properties":{"x":"${'x'.repeat(2_000)}"}}`

    const body = await importBodyOf(pendingWith([text]), limit, 'plain')

    assert.equal(body.encoding, 'identity')
    assert.equal(body.bytes.toString(), `[${text}]`)
  })

  it('counts the bytes before compression as the batcher does', async () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(texts, async (some) => {
        const batch = pendingWith(some)

        const body = await importBodyOf(batch, limit)

        const counted = batch.reduce((sum, { prepared }) => sum + prepared.bytes + 1, 1)
        assert.equal(body.plainBytes, counted)
        const { bytes, encoding } = body
        const plain = encoding === 'gzip' ? gunzipSync(bytes) : bytes
        assert.equal(plain.toString(), `[${some.join(',')}]`)
      }),
      { numRuns: 50 },
    )
  })

  it('compresses a large body in the background when it is its turn, and a small one at once', async () => {
    const order: string[] = []
    const turn = Promise.withResolvers<void>()
    const small = pendingWith(['x'.repeat(5_000)])
    const large = pendingWith(['x'.repeat(70_000)])

    const gzipped = importBodyOf(large, async (task) => {
      await turn.promise
      order.push('turn')
      return task()
    }).then(() => order.push('large'))
    await importBodyOf(small, () => Promise.reject(new Error('a small body goes nowhere')))
    order.push('small')
    turn.resolve()
    await gzipped

    assert.deepEqual(order, ['small', 'turn', 'large'])
  })
})
