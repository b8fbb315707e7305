import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesOfBase64 } from '../../src/decode/read-text.ts'

describe('bytesOfBase64', () => {
  it('reads the bytes that were written, in either alphabet, padded or not', () => {
    const encoding = fc.constantFrom<BufferEncoding[]>('base64', 'base64url')

    fc.assert(
      fc.property(fc.uint8Array(), encoding, fc.boolean(), (bytes, alphabet, padded) => {
        const text = Buffer.from(bytes).toString(alphabet)
        const missing = '='.repeat((4 - (text.length % 4)) % 4)

        const read = bytesOfBase64(padded ? text + missing : text.replaceAll('=', ''))

        assert.deepEqual(read, Buffer.from(bytes))
      }),
    )
  })

  it('takes a text for base64 only when every character of it counts', () => {
    const unit = fc.constantFrom('A', 'z', '9', '+', '/', '-', '_', '=', ' ', '\n', '.', 'é', '✓')
    const base64 = /^[\w+/-]*={0,2}$/

    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const digits = text.replace(/=+$/, '').length
        const padded = text.length === digits || text.length % 4 === 0
        const valid = base64.test(text) && digits % 4 !== 1 && padded

        assert.equal(bytesOfBase64(text) !== undefined, valid)
      }),
      { numRuns: 1000 },
    )
  })

  for (const text of ['not base64!', 'YQ=', 'YWJj=', 'Y', 'YQ==YQ==', 'YW\nJj', '====']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(bytesOfBase64(text), undefined)
    })
  }
})
