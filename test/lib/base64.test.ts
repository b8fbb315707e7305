import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { base64Length, bytesOfBase64, decodeBase64, writeBase64 } from '../../src/lib/base64.ts'

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
    const unit = fc.constantFrom(
      'A',
      'z',
      '9',
      '+',
      '/',
      '-',
      '_',
      '=',
      ' ',
      '\n',
      '.',
      'é',
      '✓',
      'Ł',
    )
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

/** Lengths around the pieces in which a long text is read and written. */
const LENGTHS = fc.oneof(
  fc.nat({ max: 12 }),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -3, max: 3 }))
    .map(([pieces, more]) => {
      return pieces * 48 * 1024 + more
    }),
)

describe('base64 in bytes', () => {
  it('is read like a text of the same characters', () => {
    const encoding = fc.constantFrom<BufferEncoding[]>('base64', 'base64url')
    const fault = fc.option(
      fc.tuple(fc.nat(), fc.constantFrom('=', '\\', ' ', '\n', 'é', '\0', '_')),
    )

    fc.assert(
      fc.property(LENGTHS, fc.nat(255), encoding, fault, (length, byte, alphabet, broken) => {
        const text = Buffer.alloc(length, byte).toString(alphabet)
        const at = broken ? broken[0] % (text.length + 1) : 0
        const whole = broken ? text.slice(0, at) + broken[1] + text.slice(at + 1) : text

        assert.deepEqual(decodeBase64(Buffer.from(whole)), bytesOfBase64(whole))
      }),
      { numRuns: 150 },
    )
  })

  it('is written like the text of the same bytes', () => {
    fc.assert(
      fc.property(LENGTHS, fc.nat(255), fc.nat(5), (length, byte, before) => {
        const bytes = Buffer.alloc(length, byte)
        const target = Buffer.alloc(before + base64Length(bytes) + 1, '.')

        const written = writeBase64(bytes, target, before)

        assert.equal(written, base64Length(bytes))
        assert.equal(target.toString(), `${'.'.repeat(before)}${bytes.toString('base64')}.`)
      }),
    )
  })
})
